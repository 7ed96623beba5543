"""Training draws that keep the image's other objects, for an RPN that learns from all."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from torch import Tensor

from mmosis.datasets import OneShotCocoDataset

# By file: bicycle 20, car 30, motorcycle 40 and truck 80 are active; person 10 and airplane 50 are held out, and bus 60
# shows too rarely to be searched for.
ACTIVE = {20, 30, 40, 80}
CROWD = 105  # annotation of bicycles in image 3


@pytest.fixture
def categories(tiny_dataset: Callable) -> dict[int, int]:
    """Category id of every annotation."""
    dataset = tiny_dataset(test_mode=True, phase='all')
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return {i['ann_id']: dataset.cat_ids[i['bbox_label']] for info in infos for i in info['instances']}


@pytest.fixture
def both_datasets(tiny_dataset: Callable, tiny_coco: Callable) -> tuple[OneShotCocoDataset, OneShotCocoDataset]:
    """The same data with the others and without."""
    root = tiny_coco()
    return tiny_dataset(root, keep_others=True), tiny_dataset(root)


def test_all_active_categories_are_kept_and_the_episodes_own_is_labelled(
    both_datasets: tuple, categories: dict[int, int]
) -> None:
    dataset, plain = both_datasets
    kept = set()
    for number in range(60):
        info, (episode,) = dataset.draw_episodes(number)
        everything = [i['ann_id'] for i in dataset.get_data_info(_position(dataset, info))['instances']]
        active = [ann_id for ann_id in everything if categories[ann_id] in ACTIVE]
        assert [i['ann_id'] for i in info['instances']] == active
        for instance in info['instances']:
            assert instance['bbox_label'] == (0 if categories[instance['ann_id']] == episode.cat_id else -1)
        expected, (same_episode,) = plain.draw_episodes(number)
        assert same_episode == episode
        assert [i for i in info['instances'] if i['bbox_label'] == 0] == expected['instances']
        kept.update(active)
    assert {categories[ann_id] for ann_id in kept} == ACTIVE


def _position(dataset: OneShotCocoDataset, info: dict) -> int:
    return next(i for i in range(len(dataset)) if dataset.get_data_info(i)['img_id'] == info['img_id'])


def test_of_another_phase_others_are_those_of_that_phase(tiny_dataset: Callable, categories: dict[int, int]) -> None:
    dataset = tiny_dataset(keep_others=True, phase='one-shot')
    instances = [i for number in range(30) for i in dataset.draw_episodes(number)[0]['instances']]
    assert {categories[i['ann_id']] for i in instances} == {10, 50}
    assert {i['bbox_label'] for i in instances} == {0, -1}


def test_they_go_through_the_transforms_with_those_that_match(tiny_dataset: Callable) -> None:
    """Resize and flip, by hand: images of 64x64, padded at their right and bottom before they are flipped."""
    dataset, flips = tiny_dataset(keep_others=True), set()
    for number in range(20):
        sample, (info, _) = dataset[number]['data_samples'], dataset.draw_episodes(number)
        flips.add(sample.flip)
        for name, other, ignored in (
            ('gt_instances', False, 0),
            ('other_instances', True, 0),
            ('ignored_instances', False, 1),
            ('other_ignored_instances', True, 1),
        ):
            boxes = [
                i['bbox'] for i in info['instances'] if (i['bbox_label'] == -1) == other and i['ignore_flag'] == ignored
            ]
            torch.testing.assert_close(_boxes(sample, name), _transformed(boxes, sample))
    assert flips == {True, False}


def _boxes(sample: DetDataSample, name: str) -> Tensor:
    bboxes = sample.get(name).bboxes
    return bboxes if isinstance(bboxes, Tensor) else bboxes.tensor


def _transformed(boxes: list[list[float]], sample: DetDataSample) -> Tensor:
    boxes = np.array(boxes, np.float32).reshape(-1, 4) * np.tile(sample.scale_factor, 2)
    if sample.flip:
        boxes[:, [0, 2]] = 64 - boxes[:, [2, 0]]
    return torch.tensor(boxes, dtype=torch.float32)


def test_what_matches_is_the_same_sample(both_datasets: tuple) -> None:
    kept, plain = both_datasets
    for number in range(12):
        got, expected = kept[number], plain[number]
        assert got['inputs'].equal(expected['inputs'])
        assert got['ref_inputs'].equal(expected['ref_inputs'])
        sample, other = got['data_samples'], expected['data_samples']
        assert sample.metainfo == other.metainfo
        for name in ('gt_instances', 'ignored_instances'):
            assert _boxes(sample, name).equal(_boxes(other, name))
            assert sample.get(name).labels.equal(other.get(name).labels)
            np.testing.assert_array_equal(sample.get(name).masks.masks, other.get(name).masks.masks)
        assert sample.gt_instances.draw == other.gt_instances.draw
        assert 'other_instances' not in other


def test_where_nothing_matches_the_others_are_there(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(keep_others=True, absent_prob=1.0)
    for number in range(8):
        sample = dataset[number]['data_samples']
        assert len(sample.gt_instances) == 0
        assert len(sample.other_instances) > 0


def test_a_crowd_of_another_category_is_to_be_left_alone(tiny_dataset: Callable) -> None:
    dataset, names = tiny_dataset(keep_others=True), ('ignored_instances', 'other_ignored_instances')
    asked = set()
    for number in range(60):
        info, (episode,) = dataset.draw_episodes(number)
        if info['img_id'] == 3:
            assert [i['ann_id'] for i in info['instances'] if i['ignore_flag']] == [CROWD]
            sample = dataset[number]['data_samples']
            assert [len(sample.get(name)) for name in names] == ([1, 0] if episode.cat_id == 20 else [0, 1])
            asked.add(episode.cat_id)
    assert asked == {20, 30, 40}
