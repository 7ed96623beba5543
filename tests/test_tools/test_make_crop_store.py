"""A store of crops gives what loading and cropping give, goes on after a stop, and knows what it was made from."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmengine.config import Config

from mmosis.utils.crop_store import CropStore
from tools.dataset_converters import make_crop_store as crop_store
from tools.dataset_converters.make_crop_store import make_crop_store

FILES = ('crops.bin', 'index.npy', 'store.json')
MASKED = dict(type='ReferenceSampler', with_masks=True)
LOAD, CROP, MASK = dict(type='LoadImage'), dict(type='CropReference'), dict(type='LoadReferenceMask', prob=0.5)


def _rest(size: int = 32) -> list[dict]:
    return [
        dict(type='ResizeReference', size=size),
        dict(type='RandomFlip', prob=0.5),
        dict(type='PackReference'),
    ]


@pytest.fixture
def make_cfg(tiny_dataset_cfg: Callable) -> Callable[..., Config]:
    """Make a config over one tiny set, whose references are made by these transforms."""
    root = Path(tiny_dataset_cfg()['data_root'])

    def make(*steps: dict, **settings) -> Config:
        dataset = tiny_dataset_cfg(root, **dict(dict(ref_pipeline=[*(steps or (LOAD, CROP)), *_rest()]), **settings))
        return Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=dataset)))

    return make


def _references(cfg: Config, *steps: dict, rest: list[dict] | None = None) -> torch.Tensor:
    """References of 40 draws, by these transforms in the place of the config's."""
    pipeline = [*steps, *(rest or _rest())] if steps else cfg.train_dataloader.dataset.ref_pipeline
    dataset = DATASETS.build(dict(cfg.train_dataloader.dataset, ref_pipeline=pipeline))
    return torch.stack([dataset[draw]['ref_inputs'] for draw in range(40)])


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))}


def _stored(folder: Path) -> dict:
    return dict(type='LoadStoredReference', store=str(folder))


@pytest.mark.parametrize('max_size', [None, 7, 500])
def test_references_are_the_same_with_a_store(make_cfg: Callable, tmp_path: Path, max_size: int | None) -> None:
    """With crops as they are, and with all reduced to the size that ResizeReference would reduce them to."""
    cfg = make_cfg()
    if max_size == 7:  # smaller than any
        cfg.train_dataloader.dataset.ref_pipeline[2].size = 7
    store = make_crop_store(cfg, tmp_path / 'store', max_size=max_size)
    rest = cfg.train_dataloader.dataset.ref_pipeline[2:]
    torch.testing.assert_close(_references(cfg, _stored(store), rest=rest), _references(cfg), rtol=0, atol=0)
    assert CropStore(store).max_size == (max_size or 32)
    assert sorted(os.listdir(store)) == sorted(FILES)


@pytest.mark.parametrize('size', [7, 32])
@pytest.mark.parametrize('crop', [CROP, dict(CROP, margin=0.5, mark_box=True)])
def test_masks_are_the_same_with_a_store(make_cfg: Callable, tmp_path: Path, crop: dict, size: int) -> None:
    cfg = make_cfg(reference_sampler=MASKED, ref_pipeline=[LOAD, MASK, crop, *_rest(size)])
    stored = _references(cfg, MASK, _stored(make_crop_store(cfg, tmp_path)), rest=_rest(size))
    assert stored.shape[2] == 4
    torch.testing.assert_close(stored, _references(cfg), rtol=0, atol=0)


def test_larger_crops_are_reduced_and_all_others_kept(make_cfg: Callable, tmp_path: Path) -> None:
    cfg = make_cfg()
    dataset = DATASETS.build(dict(cfg.train_dataloader.dataset, phase='all'))
    small, large = (CropStore(make_crop_store(cfg, tmp_path / str(size), max_size=size)) for size in (25, 500))
    shapes = set()
    for reference in dataset.references():
        as_it_is = large.read(reference.ann_id, reference.bbox)
        x1, y1, x2, y2 = reference.bbox
        assert as_it_is.shape == (y2 - y1, x2 - x1, 3)
        stored = small.read(reference.ann_id, reference.bbox)
        assert max(stored.shape) == min(25, max(as_it_is.shape))
        if max(as_it_is.shape) <= 25:
            np.testing.assert_array_equal(stored, as_it_is)
        shapes.add(max(as_it_is.shape) > 25)
    assert shapes == {True, False}


def test_one_store_serves_all_splits_and_the_images_held_back(make_cfg: Callable, tmp_path: Path) -> None:
    store = make_crop_store(make_cfg(num_held_back=2), tmp_path / 'store')
    assert len(CropStore(store)) == 22  # neither the crowd nor the degenerate box
    for settings in (dict(split=2), dict(split=1, phase='all'), dict(num_held_back=4, held_back=True, phase='all')):
        cfg = make_cfg(**settings)
        assert _references(cfg, _stored(store)).any()


def test_the_rule_of_the_config_says_which_are_stored(make_cfg: Callable, tmp_path: Path) -> None:
    store = make_crop_store(make_cfg(reference_sampler=dict(type='ReferenceSampler', min_size=25)), tmp_path)
    with pytest.raises(ValueError, match=r'has no crop of annotation \d+; it has those that the reference_sampler'):
        _references(make_cfg(), _stored(store))


def test_a_store_is_opened_again_where_it_is_unpickled(make_cfg: Callable, tmp_path: Path) -> None:
    store = CropStore(make_crop_store(make_cfg(), tmp_path))
    pickled = pickle.dumps(store)
    assert len(pickled) < 1000
    bbox = (5, 5, 35, 25)
    np.testing.assert_array_equal(pickle.loads(pickled).read(100, bbox), store.read(100, bbox))


# ---------------------------------------------------------------- stops


@pytest.mark.parametrize('num_workers', [0, 2])
@pytest.mark.parametrize(('images', 'more'), [(1, 0), (3, 11), (6, 60)])
def test_a_stopped_build_goes_on_to_the_same_bytes(
    make_cfg: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: int, more: int, num_workers: int
) -> None:
    """What a stop leaves: crops without entries, and half an entry."""
    cfg, whole, stopped = make_cfg(), tmp_path / 'whole', tmp_path / 'stopped'
    make_crop_store(cfg, whole)
    monkeypatch.setattr(crop_store, 'COMMIT', 2)
    cut = crop_store._cut_references

    def stop(*args) -> tuple:
        if args[-1] == images:
            raise KeyboardInterrupt
        return cut(*args)

    with monkeypatch.context() as patch:
        patch.setattr(crop_store, '_cut_references', stop)
        with pytest.raises(KeyboardInterrupt):
            make_crop_store(cfg, stopped)
    for name in ('crops.bin', 'rows.part'):
        with (stopped / name).open('ab') as file:
            file.write(bytes(more))
    with pytest.raises(FileNotFoundError, match=r'there is no finished store of crops in .*make_crop_store\.py makes'):
        CropStore(stopped)
    made = []
    monkeypatch.setattr(crop_store, '_cut_references', lambda *args: made.append(args[-1]) or cut(*args))
    make_crop_store(cfg, stopped, num_workers)
    assert _bytes(stopped) == _bytes(whole)
    if not num_workers:
        assert min(made) == images - images % 2


@pytest.mark.parametrize('name', FILES)
def test_a_stop_at_the_end_is_no_loss(
    make_cfg: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """All crops are written, and the index or what says that it is whole is not, or the leftovers are still there."""
    cfg, whole, stopped = make_cfg(), tmp_path / 'whole', tmp_path / 'stopped'
    make_crop_store(cfg, whole)
    with monkeypatch.context() as patch:
        patch.setattr(Path, 'unlink', lambda *_, **__: None)
        make_crop_store(cfg, stopped)
    if name != 'crops.bin':
        os.remove(stopped / 'store.json')
    if name == 'index.npy':
        os.remove(stopped / 'index.npy')
    make_crop_store(cfg, stopped)
    assert _bytes(stopped) == _bytes(whole)
    make_crop_store(cfg, stopped)  # nothing to do
    assert _bytes(stopped) == _bytes(whole)


# ---------------------------------------------------------------- what is refused


@pytest.fixture
def store(make_cfg: Callable, tmp_path: Path) -> Path:
    return make_crop_store(make_cfg(), tmp_path / 'store')


@pytest.mark.parametrize('name', ['crops.bin', 'index.npy'])
def test_a_torn_store_is_refused(make_cfg: Callable, store: Path, name: str) -> None:
    content = (store / name).read_bytes()
    (store / name).write_bytes(content[:-1])
    message = rf'{name} must have {len(content)} bytes, got {len(content) - 1}; the store is torn'
    with pytest.raises(ValueError, match=message):
        _references(make_cfg(), _stored(store))
    with pytest.raises(ValueError, match=message):
        make_crop_store(make_cfg(), store)
    os.remove(store / name)
    with pytest.raises(ValueError, match='bytes, got no such file; the store is torn'):
        CropStore(store)


@pytest.mark.parametrize('content', ['[]', '{}', '{"version": 1}', '{"version": 2}'])
def test_another_version_is_refused(store: Path, content: str) -> None:
    (store / 'store.json').write_text(content)
    with pytest.raises(ValueError, match=r'must be of a store of crops of version 1; make it anew'):
        CropStore(store)


def test_a_store_of_another_file_is_refused(make_cfg: Callable, store: Path, tiny_coco: Callable) -> None:
    other = tiny_coco(annotations=lambda annotations: annotations[:-1])
    with pytest.raises(ValueError, match=r'holds crops of another annotation file than .*coco\d.annotations\.json'):
        _references(make_cfg(data_root=str(other)), _stored(store))


def test_another_box_is_refused(store: Path) -> None:
    message = r'has annotation 100 with the box \[5.0, 5.0, 35.0, 25.0\], got \[5, 5, 35, 26\]'
    with pytest.raises(ValueError, match=message):
        CropStore(store).read(100, (5, 5, 35, 26))


def test_a_changed_crop_is_refused(store: Path) -> None:
    with (store / 'crops.bin').open('r+b') as file:
        file.write(bytes(40))
    with pytest.raises(ValueError, match=r'annotation 103 in .*crops.bin is not a readable image'):
        CropStore(store).read(103, (4, 4, 28, 28))


def test_other_settings_do_not_go_on_in_a_store(make_cfg: Callable, store: Path) -> None:
    with pytest.raises(ValueError, match='store that was made with another margin, max_size; remove it, or choose'):
        make_crop_store(make_cfg(LOAD, dict(CROP, margin=0.1)), store, max_size=9)


def test_a_folder_with_too_few_crops_is_not_gone_on_in(make_cfg: Callable, store: Path) -> None:
    (store / 'begun.json').write_text((store / 'store.json').read_text())
    (store / 'rows.part').write_bytes((store / 'index.npy').read_bytes()[-22 * 56 :])
    os.remove(store / 'store.json')
    (store / 'crops.bin').write_bytes(b'too few')
    with pytest.raises(ValueError, match=r'crops.bin must have \d+ bytes or more, got 7; remove '):
        make_crop_store(make_cfg(), store)


def test_two_builds_at_once_are_noticed(make_cfg: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = crop_store._cut_references

    def disturb(*args) -> tuple:
        with (tmp_path / 'crops.bin').open('ab') as file:
            file.write(b'of another process')
        return cut(*args)

    monkeypatch.setattr(crop_store, '_cut_references', disturb)
    with pytest.raises(ValueError, match=r'must have 22 crops of \d+ bytes, got 22 of \d+; two processes wrote it'):
        make_crop_store(make_cfg(), tmp_path)


def test_what_cuts_references_must_be_known(make_cfg: Callable, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='and ref_pipeline has 0 CropReference'):
        make_crop_store(make_cfg(LOAD), tmp_path)
    with pytest.raises(ValueError, match='and ref_pipeline has 2 LoadImage'):
        make_crop_store(make_cfg(LOAD, LOAD, CROP), tmp_path)


def test_crops_have_a_size(make_cfg: Callable, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='max_size must be at least 1, got 0'):
        make_crop_store(make_cfg(), tmp_path, max_size=0)


def test_one_data_set_is_needed(make_cfg: Callable, tmp_path: Path) -> None:
    cfg = make_cfg()
    cfg.train_dataloader.dataset.type = 'EpisodeMixture'
    with pytest.raises(TypeError, match='a store is of the references of one OneShotCocoDataset, got EpisodeMixture'):
        make_crop_store(cfg, tmp_path)
