"""CocoFileDataset: what a detector of fixed categories trains on; the tiny set is described in ``conftest.py``."""

import gc
from pathlib import Path

import pytest
from mmdet.registry import DATASETS

from mmosis.datasets import CocoFileDataset


@pytest.fixture
def make(tiny_coco, tiny_pipelines):
    def build(root: Path | None = None, **settings) -> CocoFileDataset:
        return DATASETS.build(
            dict(
                type='CocoFileDataset',
                data_root=str(root or tiny_coco()),
                ann_file='annotations.json',
                data_prefix=dict(img='images/'),
                pipeline=tiny_pipelines['train'],
                **settings,
            )
        )

    return build


def test_categories_come_from_the_file(make, tiny_coco):
    root = tiny_coco()
    dataset = make(root)
    assert dataset.metainfo['classes'][:3] == ('person', 'bicycle', 'car')
    assert dataset.metainfo['cat_ids'] == [10, 20, 30, 40, 50, 60, 70, 80]
    assert dataset.metainfo['ann_file'] == str(root / 'annotations.json')


def test_an_image_keeps_all_its_instances_with_the_labels_of_the_file(make):
    dataset = make()
    (position,) = (i for i in range(len(dataset)) if dataset.get_data_info(i)['img_id'] == 9)
    sample = dataset[position]['data_samples']
    assert sample.gt_instances.labels.tolist() == [4, 3, 5]
    assert 'episodes' not in sample.metainfo


def test_the_last_annotated_images_are_held_back(make):
    parts = [
        {dataset.get_data_info(i)['img_id'] for i in range(len(dataset))}
        for dataset in (make(num_held_back=2, held_back=held_back) for held_back in (True, False))
    ]
    assert parts == [{20, 31}, {3, 5, 7, 9, 12, 44}]


def test_empty_images_are_filtered_on_request(make):
    assert len(make()) == 8
    assert len(make(filter_cfg=dict(filter_empty_gt=True))) == 7


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(num_held_back=7), 'num_held_back must leave images to train on: .* has 7 annotated images, got 7'),
        (dict(held_back=True), 'num_held_back must be at least 1 if held_back=True, got 0'),
    ],
)
def test_wrong_settings_are_refused(make, settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)


def test_missing_masks_are_refused_unless_boxes_suffice(make, tiny_coco, tiny_pipelines):
    root = tiny_coco(annotations=lambda annotations: [{**a, 'segmentation': []} for a in annotations])
    with pytest.raises(ValueError, match=r'annotations.json: image 7 has objects without segmentation; a detector wit'):
        make(root)
    tiny_pipelines['train'][1]['with_mask'] = False
    assert len(make(root)) == 8


def test_missing_images_are_an_error_when_the_file_is_loaded(make, tiny_coco):
    root = tiny_coco()
    for name in ('a.jpg', 'h.png'):  # the second shows nothing
        (root / 'images' / name).unlink()
    with pytest.raises(FileNotFoundError, match=r'annotations\.json: 2 of 8 images are not there; check data_prefix'):
        make(root)
    with pytest.raises(FileNotFoundError, match=r'1 of 7 images are not there; .*: .*a\.jpg$'):
        make(root, filter_cfg=dict(filter_empty_gt=True))


def test_images_that_are_not_read_may_be_missing(tiny_coco, tiny_pipelines):
    cfg = dict(type='CocoFileDataset', data_root=str(tiny_coco()), ann_file='annotations.json', pipeline=[])
    assert len(DATASETS.build(dict(cfg, data_prefix=dict(img='nowhere/')))) == 8
    load = [dict(type='LoadImage', backend_args=dict(backend='petrel'))]
    assert len(DATASETS.build(dict(cfg, data_prefix=dict(img='nowhere/'), pipeline=load))) == 8


def test_what_is_skipped_is_counted_in_the_log(make, tiny_coco, mmengine_log):
    root = tiny_coco(annotations=lambda entries: [dict(entries[0], area=0), *entries[1:]])
    make(root)
    assert '3 of 24 objects are skipped: 1 of area 0, 1 narrower than a pixel, 1 crowds' in mmengine_log.text
    mmengine_log.clear()
    make(root, num_held_back=4)  # of images 3, 5 and 7
    assert '2 of 11 objects are skipped: 1 of area 0, 1 crowds' in mmengine_log.text


def test_the_reasons_are_those_of_mmdet(make, tiny_coco, mmengine_log):
    """What is not counted as skipped stays; of what is counted only crowds stay."""

    def change(entries):
        boxes = [
            [200, 5, 9, 9],
            [-5, 5, 5, 9],
            [99.5, 0, 9, 9],
            [5, 5, 0, 9],
            [5, 5, 0.99, 9],
            [0, 0, 1, 1],
            [0, 0, 0, 0],
        ]
        changed = [dict(entry, bbox=box) for entry, box in zip(entries, boxes, strict=False)]
        changed += [dict(entries[7], area=-1), dict(entries[8], ignore=1), dict(entries[9], ignore=True, area=0)]
        return changed + entries[10:]

    dataset = make(tiny_coco(annotations=change))
    kept = sum(len(dataset.get_data_info(index)['instances']) for index in range(len(dataset)))
    crowds = sum(i['ignore_flag'] for index in range(len(dataset)) for i in dataset.get_data_info(index)['instances'])
    skipped = next(int(line.split(': ')[1].split(' of ')[0]) for line in mmengine_log.messages if 'are skipped' in line)
    assert (kept, crowds, skipped) == (15, 1, 10)
    assert kept == 24 - skipped + crowds


def test_parts_of_which_all_is_skipped_are_refused(make, tiny_coco):
    root = tiny_coco(
        annotations=lambda entries: [dict(e, iscrowd=1) if e['image_id'] in (20, 31) else e for e in entries]
    )
    with pytest.raises(ValueError, match='6 of 6 objects are skipped: 6 crowds; nothing is left in the images that'):
        make(root, num_held_back=2, held_back=True)


def test_a_category_that_stands_for_no_objects_takes_no_label(make, tiny_coco, mmengine_log):
    dataset = make(tiny_coco(categories=lambda entries: [dict(id=0, name='_background_'), *entries]))
    assert dataset.metainfo['classes'][0] == 'person'
    assert "category '_background_' stands for no objects; it takes no place" in mmengine_log.text


def test_no_garbage_is_searched_for_while_annotations_are_loaded(make, monkeypatch: pytest.MonkeyPatch) -> None:
    enabled = []
    monkeypatch.setattr(CocoFileDataset, 'load_data_list', lambda _: enabled.append(gc.isenabled()))
    with pytest.raises(TypeError):
        make()
    assert enabled == [False]
    assert gc.isenabled()
