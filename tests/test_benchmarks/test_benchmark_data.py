from collections.abc import Callable

import pytest
from mmengine.config import Config

from benchmarks.data import PlainItems, measure_data

WAYS = ['plain pipeline', 'plain pipeline, objects that match alone', 'ours']


def test_transforms_and_the_rest_make_an_item(tiny_dataset_cfg: Callable) -> None:
    cfg = Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=tiny_dataset_cfg())))
    measured, _ = measure_data(cfg, 3)
    taken = {row['']: row['ms an item'] for row in measured.rows}
    assert measured.title == '3 items of OneShotCocoDataset'
    assert {'image: PackOneShotInputs', 'reference: PackReference', 'reference: CropReference'} < set(taken)
    assert min(taken.values()) > 0
    item = taken.pop('an item')
    assert sum(taken.values()) == pytest.approx(item)


def test_both_parts_of_a_mixture_are_heard(tiny_dataset_cfg: Callable) -> None:
    part = tiny_dataset_cfg()
    dataset = dict(type='EpisodeMixture', datasets=[part, part], weights=[1, 1])
    cfg = Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=dataset)))
    by_transform, beside = measure_data(cfg, 4)
    rows = {row['']: row['fraction'] for row in by_transform.rows}
    assert rows['image: PackOneShotInputs'] > 0
    assert rows['an item'] == 1
    assert [row[''] for row in beside.rows] == WAYS


def test_items_stand_beside_plain_ones(tiny_dataset_cfg: Callable) -> None:
    cfg = Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=tiny_dataset_cfg())))
    by_transform, beside = measure_data(cfg, 3)
    assert [row[''] for row in beside.rows] == WAYS
    plain, _, ours = beside.rows
    assert plain['ratio'] == plain['ratio of processor ms'] == 1
    assert ours['ratio'] == pytest.approx(ours['ms an item'] / plain['ms an item'])
    assert ours['ms an item'] == by_transform.rows[-1]['ms an item']


def test_plain_items_are_of_the_same_image_at_the_same_scale(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset()
    plain = PlainItems([dataset])
    for index in range(6):
        ours = dataset[index]['data_samples']
        everything, matching = (plain.make(0, *image)['data_samples'] for image in plain.images(0, index).values())
        assert everything.img_id == matching.img_id == ours.img_id
        assert everything.scale_factor == ours.scale_factor
        assert len(matching.gt_instances) == len(ours.gt_instances) <= len(everything.gt_instances)
        assert everything.gt_instances.masks.width == everything.img_shape[1]


def test_a_data_set_without_episodes_has_plain_items_of_all_objects(tiny_dataset_cfg: Callable) -> None:
    dataset = tiny_dataset_cfg(type='CocoFileDataset', filter_cfg=dict(filter_empty_gt=True))
    dataset = {key: value for key, value in dataset.items() if key not in ('split', 'ref_pipeline')}
    dataset['pipeline'] = [*dataset['pipeline'][:-1], dict(type='PackDetInputs')]
    cfg = Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=dataset)))
    assert [row[''] for row in measure_data(cfg, 2)[1].rows] == ['plain pipeline', 'ours']
