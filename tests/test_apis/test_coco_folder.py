"""Layouts of COCO-format folders."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
from mmdet.datasets import CocoDataset
from mmengine.config import Config

from mmosis.apis.coco_folder import LAYOUTS, SINGLE_LAYOUTS, find_coco_folder, hold_out, use_coco_folder


@pytest.mark.parametrize('layout', [*LAYOUTS, *((ann, images, ann, images) for ann, images in SINGLE_LAYOUTS)])
def test_finds_every_layout(layout: tuple[str, ...], tmp_path: Path) -> None:
    for part in layout:
        path = tmp_path / part
        if path.suffix == '.json':
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('{}')
        else:
            path.mkdir(parents=True, exist_ok=True)
    found = find_coco_folder(str(tmp_path))
    assert (found.train_ann, found.train_img, found.test_ann, found.test_img) == layout
    assert found.single == (layout[0] == layout[2])


def test_unknown_layout_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError,
        match=r'known COCO-format layouts; expected in it: .*instances_train2017\.json.*; or result\.json, \.$',
    ):
        find_coco_folder(str(tmp_path))


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'data folder .*nothing does not exist'):
        find_coco_folder(str(tmp_path / 'nothing'))
    (tmp_path / 'a.json').touch()
    with pytest.raises(FileNotFoundError, match=r'a\.json is a file; give the folder of the data'):
        find_coco_folder(str(tmp_path / 'a.json'))


def make_config() -> Config:
    loader = dict(dataset=dict(data_root='old/', ann_file='old.json', data_prefix=dict(img='old/'), split=1))
    return Config(dict(train_dataloader=copy.deepcopy(loader), test_dataloader=loader))


def test_a_config_is_pointed_at_both_parts(tmp_path: Path) -> None:
    for part in ('train', 'test'):
        (tmp_path / part / 'images').mkdir(parents=True)
        (tmp_path / part / 'annotations.json').write_text('{}')
    cfg = make_config()
    use_coco_folder(cfg, str(tmp_path))
    for part in ('train', 'test'):
        assert cfg[f'{part}_dataloader'].dataset == dict(
            data_root=str(tmp_path),
            ann_file=f'{part}/annotations.json',
            data_prefix=dict(img=f'{part}/images'),
            split=1,
        )


def test_a_mixture_of_data_sets_is_refused(tmp_path: Path) -> None:
    cfg = make_config()
    cfg.train_dataloader.dataset = dict(type='EpisodeMixture', datasets=[cfg.train_dataloader.dataset] * 2)
    with pytest.raises(ValueError, match=r'needs one data set .* got EpisodeMixture; use .*_lite_finetune\.py'):
        use_coco_folder(cfg, str(tmp_path))


@pytest.mark.parametrize(('annotated', 'held_back'), [(20, 4), (7, 1), (2, 1)])
def test_a_fifth_of_a_single_file_is_held_back(tiny_coco: Callable, annotated: int, held_back: int) -> None:
    """Of the annotated images: five more have no annotation. One at least."""
    root = tiny_coco(
        images=[dict(id=i, file_name=f'{i}.jpg', height=64, width=64) for i in range(annotated + 5)],
        annotations=lambda old: [dict(old[0], id=i, image_id=i) for i in range(annotated)],
    )
    cfg = make_config()
    use_coco_folder(cfg, str(root))
    train, test = cfg.train_dataloader.dataset, cfg.test_dataloader.dataset
    assert (train.num_held_back, train.get('held_back', False)) == (held_back, False)
    assert (test.num_held_back, test.held_back) == (held_back, True)
    assert train.ann_file == test.ann_file == 'annotations.json'


@pytest.mark.parametrize('split', [1, 2, 3, 4])
def test_every_fourth_category_of_the_training_is_held_out_of_both_parts(tiny_coco: Callable, split: int) -> None:
    """'train' has no objects, so it takes no place; and what the test's file lists does not matter."""
    cfg = make_config()
    use_coco_folder(cfg, str(tiny_coco()))
    cfg.train_dataloader.dataset.split = split
    cfg.test_dataloader.dataset.ann_file = 'none.json'
    names = ['person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'truck']
    assert hold_out(cfg) == names[split - 1 :: 4]
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        assert (loader.dataset.split, loader.dataset.one_shot_classes) == (None, names[split - 1 :: 4])


def test_a_category_of_skipped_objects_takes_no_place(tiny_coco: Callable) -> None:
    """Those of 'person' are crowds: nothing could be searched for if it were held out."""
    cfg = make_config()
    use_coco_folder(
        cfg,
        str(tiny_coco(annotations=lambda old: [dict(each, iscrowd=int(each['category_id'] == 10)) for each in old])),
    )
    cfg.train_dataloader.dataset.split = 1
    assert hold_out(cfg) == ['bicycle', 'bus']


def test_a_part_of_coco_has_the_splits_of_the_paper(tiny_coco: Callable) -> None:
    names = CocoDataset.METAINFO['classes']
    ids = {name: 1 + number for number, name in enumerate(names)}
    of_tiny = {10: 'person', 20: 'bicycle', 30: 'car', 40: 'motorcycle', 50: 'airplane', 60: 'bus', 80: 'truck'}
    folder = tiny_coco(
        categories=[dict(id=number, name=name) for name, number in ids.items()],
        annotations=lambda entries: [dict(entry, category_id=ids[of_tiny[entry['category_id']]]) for entry in entries],
    )
    cfg = make_config()
    use_coco_folder(cfg, str(folder))
    cfg.train_dataloader.dataset.split = 4
    assert hold_out(cfg) == list(names[3::4])


def test_given_names_are_held_out(tiny_coco: Callable) -> None:
    cfg = make_config()
    use_coco_folder(cfg, str(tiny_coco()))
    assert hold_out(cfg, ('car',)) == ['car']
    assert cfg.test_dataloader.dataset.one_shot_classes == ['car']
