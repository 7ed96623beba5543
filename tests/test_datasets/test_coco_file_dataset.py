"""CocoFileDataset: what a detector of fixed categories trains on; the tiny set is described in ``conftest.py``."""

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
