"""run_finetune on small scenes: what it starts from, what it holds out, what it writes; and its errors."""

import copy
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS, MODELS
from mmengine.config import Config, DictAction

from mmosis.apis import finetune, run_finetune
from mmosis.apis.schedule import scale_schedule
from mmosis.compat.checkpoint import load_from_local
from mmosis.structures import split_categories
from projects.scenes.synthetic import make_scenes

CONFIG = Path(__file__).parents[2] / 'configs/pocket/siamese_mask_rcnn_pocket_finetune.py'
LOADERS = ('train_dataloader', 'test_dataloader')
SMALL = {'Resize': dict(scale=(64, 64)), 'Pad': dict(size=(64, 64)), 'ResizeReference': dict(size=32)}


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of scenes with a train and a test part."""
    root = tmp_path_factory.mktemp('data')
    for seed, part in enumerate(('train', 'test')):
        make_scenes(root / part, num_images=60, seed=seed, image_size=64)
    return root


@pytest.fixture
def cfg(tiny_model_cfg: Callable, tmp_path: Path) -> Config:
    """The config with the tiny model, small images and two steps."""
    cfg = Config.fromfile(CONFIG)
    cfg.model = tiny_model_cfg()
    for loader in LOADERS:
        cfg[loader].update(batch_size=1, num_workers=0, persistent_workers=False)
        for transform in (*cfg[loader].dataset.pipeline, *cfg[loader].dataset.ref_pipeline):
            transform.update(SMALL.get(transform.type, {}))
    cfg.test_dataloader.dataset.indices = 2
    scale_schedule(cfg, 2)
    cfg.work_dir = str(tmp_path)
    cfg.visualizer.name = str(tmp_path)  # MMEngine would give the last one again, with its folder
    return cfg


@pytest.fixture
def weights(cfg: Config, tmp_path: Path) -> str:
    """A checkpoint with random weights."""
    torch.manual_seed(3)
    model = MODELS.build(copy.deepcopy(cfg.model))
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'start.pth')
    return str(tmp_path / 'start.pth')


def read_weights(path: str) -> dict[str, torch.Tensor]:
    return load_from_local(path)['state_dict']


@pytest.fixture
def trained_with(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configs that trainings would be run with: nothing is trained or tested."""
    seen: list[Config] = []
    figures = {phase: dict(box=0.5, mask=0.25) for phase in ('one-shot', 'background')}
    monkeypatch.setattr(finetune, 'run_training', lambda cfg: seen.append(cfg) or 'new.pth')
    monkeypatch.setattr(finetune, 'run_phase_tests', lambda cfg, checkpoint: figures)
    return seen


def test_it_trains_on_from_the_weights_and_tables_before_and_after(
    cfg: Config, data: Path, weights: str, capsys: pytest.CaptureFixture
) -> None:
    before = copy.deepcopy(cfg._cfg_dict)
    table, checkpoint = run_finetune(cfg, str(data), weights)
    assert cfg._cfg_dict == before
    assert Path(checkpoint) == Path(cfg.work_dir, 'iter_2.pth')
    start, end = read_weights(weights), read_weights(checkpoint)
    changed = {key.split('.')[0] for key in start if not torch.equal(start[key], end[key])}
    assert changed == {'backbone', 'neck', 'match_neck', 'rpn_head', 'roi_head'}
    # A first step of AdamW moves a weight by its learning rate at most: these are the given weights, trained on.
    assert max((start[key] - end[key]).abs().max().item() for key in start) <= 2 * 2e-4
    assert table == Path(cfg.work_dir, 'table.txt').read_text().strip()
    assert [cell.strip() for cell in table.splitlines()[1].split('|')[1:-1]] == [
        'mAP50 (%)', 'box, before', 'box, after', 'mask, before', 'mask, after',
    ]  # fmt: skip
    results = json.loads(Path(cfg.work_dir, 'table.json').read_text())
    assert set(results) == {'before', 'after'}
    for figures in results.values():
        assert set(figures) == {'one-shot', 'background'}
        assert all(set(row) == {'box', 'mask'} for row in figures.values())
        for phase, row in figures.items():
            (line,) = (line for line in table.splitlines() if f'{phase} categories' in line)
            assert f'{100 * row["box"]:.1f}' in line
    printed = capsys.readouterr().out
    assert printed.index('Held out: ') < printed.index('Before the training') < printed.index('After the training')


def test_without_a_learning_rate_nothing_changes(cfg: Config, data: Path, weights: str) -> None:
    """So the weights are loaded for the training too, and both tests ask the same."""
    cfg.optim_wrapper.optimizer.lr = 0.0
    _, checkpoint = run_finetune(cfg, str(data), weights)
    start, end = read_weights(weights), read_weights(checkpoint)
    assert all(torch.equal(start[key], end[key]) for key in start)
    results = json.loads(Path(cfg.work_dir, 'table.json').read_text())
    for phase in ('one-shot', 'background'):
        np.testing.assert_equal(results['after'][phase], results['before'][phase])


def test_a_stopped_training_goes_on(cfg: Config, data: Path, weights: str) -> None:
    """Its weights are those of one that was not stopped, and not those of a new one."""
    cfg.default_hooks.checkpoint.interval = 1
    run_finetune(cfg, str(data), weights)
    complete = read_weights(f'{cfg.work_dir}/iter_2.pth')
    Path(cfg.work_dir, 'iter_2.pth').unlink()
    cfg.visualizer.name += '/resumed'
    _, checkpoint = run_finetune(cfg, str(data), weights, resume=True)
    resumed = read_weights(checkpoint)
    assert all(torch.equal(complete[key], resumed[key]) for key in complete)


def test_resume_goes_on_from_the_newest_checkpoint_if_there_is_one(
    cfg: Config, data: Path, weights: str, trained_with: list[Config]
) -> None:
    run_finetune(cfg, str(data), weights, resume=True)
    shutil.copy(weights, Path(cfg.work_dir, 'iter_1.pth'))
    run_finetune(cfg, str(data), weights, resume=True)
    run_finetune(cfg, str(data), weights)
    assert [(each.load_from, each.resume) for each in trained_with] == [
        (weights, False),
        (f'{cfg.work_dir}/iter_1.pth', True),
        (weights, False),
    ]


def names_of(dataset: dict, data: Path, **settings) -> set[str]:
    """Names of the categories that a dataset searches for."""
    built = DATASETS.build(dict(dataset, **settings))
    return {built.metainfo['classes'][built.cat_ids.index(cat_id)] for cat_id in built.metainfo['eval_cat_ids']}


def test_every_fourth_category_is_held_out_by_name(
    cfg: Config, data: Path, weights: str, trained_with: list[Config], tmp_path: Path
) -> None:
    """Of those that the training shows, also where the test part lists its categories in another order."""
    (tmp_path / 'train').symlink_to(data / 'train')
    (tmp_path / 'test').mkdir()
    (tmp_path / 'test/images').symlink_to(data / 'test/images')
    content = json.loads((data / 'test/annotations.json').read_text())
    content['categories'].reverse()
    (tmp_path / 'test/annotations.json').write_text(json.dumps(content))
    run_finetune(cfg, str(tmp_path), weights)
    training = json.loads((data / 'train/annotations.json').read_text())
    shown = {annotation['category_id'] for annotation in training['annotations']}
    _, held_out = split_categories([c['name'] for c in training['categories'] if c['id'] in shown], 1)
    (used,) = trained_with
    train, test = (dict(used[loader].dataset, indices=None) for loader in LOADERS)
    assert names_of(train, data)
    assert not names_of(train, data) & set(held_out)
    assert names_of(test, data, phase='one-shot') <= set(held_out)
    assert not names_of(test, data, phase='background') & set(held_out)


def test_named_categories_are_held_out(
    cfg: Config, data: Path, weights: str, trained_with: list[Config], capsys: pytest.CaptureFixture
) -> None:
    content = json.loads((data / 'train/annotations.json').read_text())
    names = [category['name'] for category in content['categories']][:12:2]
    run_finetune(cfg, str(data), weights, names)
    assert f'Held out: {", ".join(names)}\n' in capsys.readouterr().out
    (used,) = trained_with
    assert not names_of(used.train_dataloader.dataset, data) & set(names)
    assert names_of(dict(used.test_dataloader.dataset, indices=None), data, phase='one-shot') <= set(names)


def test_a_single_annotation_file_serves_for_both_parts(
    cfg: Config, data: Path, weights: str, trained_with: list[Config]
) -> None:
    content = json.loads((data / 'train/annotations.json').read_text())
    last = sorted(image['id'] for image in content['images'])[-12:]
    shown = {(a['image_id'], a['category_id']) for a in content['annotations'] if a['image_id'] in last}
    ((most, _),) = Counter(cat_id for _, cat_id in shown).most_common(1)
    (name,) = (category['name'] for category in content['categories'] if category['id'] == most)
    run_finetune(cfg, str(data / 'train'), weights, [name])
    (used,) = trained_with
    train, test = (DATASETS.build(dict(used[loader].dataset, indices=None, phase='all')) for loader in LOADERS)
    ids = [{dataset.get_data_info(i)['img_id'] for i in range(len(dataset))} for dataset in (train, test)]
    assert ids[1] <= set(last)
    assert ids[0]
    assert not ids[0] & set(last)


def test_missing_weights(cfg: Config, data: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'there are no weights none\.pth; give the checkpoint to start from'):
        run_finetune(cfg, str(data), 'none.pth')


def test_a_folder_without_a_known_layout(cfg: Config, weights: str, tmp_path: Path) -> None:
    (tmp_path / 'empty').mkdir()
    with pytest.raises(FileNotFoundError, match='none of the known COCO-format layouts'):
        run_finetune(cfg, str(tmp_path / 'empty'), weights)


def test_a_category_that_is_not_there(cfg: Config, data: Path, weights: str) -> None:
    with pytest.raises(ValueError, match=r"train/annotations\.json has no category 'zebra'; it has "):
        run_finetune(cfg, str(data), weights, ['zebra'])


def test_annotations_without_masks_are_refused_before_anything_is_tested(
    cfg: Config, data: Path, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    content = json.loads((data / 'train/annotations.json').read_text())
    for annotation in content['annotations']:
        del annotation['segmentation']
    (tmp_path / 'annotations.json').write_text(json.dumps(content))
    (tmp_path / 'images').symlink_to(data / 'train/images')
    with pytest.raises(ValueError, match='has objects without segmentation; a detector without masks'):
        run_finetune(cfg, str(tmp_path), weights)
    assert 'Before the training' not in capsys.readouterr().out


WRONG = {
    'train_cfg.max_iters=0': r'train_cfg\.max_iters must be a whole number, at least 1, got 0',
    'train_cfg.max_iters=1': r'param_scheduler\.1\.begin \(CosineAnnealingLR\) is step 1, .*--steps 1',
    'train_cfg.max_iter=2': 'this config cannot be trained: .*max_iter',
    'param_scheduler.1.type=CosineLR': 'this config cannot be trained: .*CosineLR',
    'param_scheduler.1.T_min=3': 'this config cannot be trained: .*T_min',
    'param_scheduler.0.end=0': 'end should be larger than begin',
    'optim_wrapper.accumulative_counts=3': r'checkpoint\.interval must be a multiple of .*=3',
    'optim_wrapper.optimizer.lr=-1.0': 'Invalid learning rate',
    'train_dataloader.batch_size=0': r'batch_size is that of all 1 process\(es\) together',
    'custom_hooks.0.num_iter=3': 'this config cannot be trained: .*num_iter',
}


@pytest.mark.parametrize(('option', 'message'), WRONG.items(), ids=WRONG)
def test_what_keeps_the_training_from_starting_is_reported_before_the_test(
    option: str, message: str, cfg: Config, data: Path, weights: str, capsys: pytest.CaptureFixture
) -> None:
    cfg.custom_hooks = [dict(type='HeadsFirstHook', num_iters=1)]
    cfg.train_cfg.max_iters, cfg.default_hooks.checkpoint.interval = (4, 2) if 'counts' in option else (2, 1)
    key, value = option.split('=')
    cfg.merge_from_dict({key: DictAction._parse_iterable(value)})
    with pytest.raises(ValueError, match=message):
        run_finetune(cfg, str(data), weights)
    assert 'Before the training' not in capsys.readouterr().out


def test_steps_set_the_length_and_scale_the_schedule(
    cfg: Config, data: Path, weights: str, trained_with: list[Config]
) -> None:
    run_finetune(cfg, str(data), weights, steps=40)
    (used,) = trained_with
    assert used.train_cfg.max_iters == 40
    assert [(each.begin, each.end) for each in used.param_scheduler] == [(0, 20), (20, 40)]
    assert cfg.train_cfg.max_iters == 2, "the caller's stays as it is"


def test_no_steps(cfg: Config, data: Path, weights: str) -> None:
    with pytest.raises(ValueError, match='steps must be a whole number, at least 1, got 0'):
        run_finetune(cfg, str(data), weights, steps=0)


def test_the_figures_before_outlive_a_training_that_fails(
    cfg: Config, data: Path, weights: str, trained_with: list[Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(finetune, 'run_training', fail)
    with pytest.raises(ZeroDivisionError):
        run_finetune(cfg, str(data), weights)
    assert json.loads(Path(cfg.work_dir, 'table.json').read_text())['before']['one-shot']['box'] == 0.5
    assert '| one-shot categories   | 50.0        | 25.0         |' in Path(cfg.work_dir, 'table.txt').read_text()
