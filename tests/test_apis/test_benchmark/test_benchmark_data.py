from collections.abc import Callable

import pytest
from mmengine.config import Config

from mmosis.apis.benchmark.data import measure_data


def test_transforms_and_the_rest_make_an_item(tiny_dataset_cfg: Callable) -> None:
    cfg = Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=tiny_dataset_cfg())))
    measured = measure_data(cfg, 3)
    taken = {row['']: row['ms an item'] for row in measured.rows}
    assert measured.title == '3 items of OneShotCocoDataset'
    assert {'image: PackOneShotInputs', 'reference: PackReference', 'reference: CropReference'} < set(taken)
    assert min(taken.values()) > 0
    whole = taken.pop('an item')
    assert sum(taken.values()) == pytest.approx(whole)


def test_both_parts_of_a_mixture_are_heard(tiny_dataset_cfg: Callable) -> None:
    part = tiny_dataset_cfg()
    dataset = dict(type='EpisodeMixture', datasets=[part, part], weights=[1, 1])
    cfg = Config(dict(default_scope='mmdet', train_dataloader=dict(dataset=dataset)))
    rows = {row['']: row['share'] for row in measure_data(cfg, 4).rows}
    assert rows['image: PackOneShotInputs'] > 0
    assert rows['an item'] == 1
