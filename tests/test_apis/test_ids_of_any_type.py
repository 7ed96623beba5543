"""Ids may be words, negative or beyond 64 bits, in the complete pipeline; the tiny set is in ``tests/conftest.py``."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from analysis.confusion import confusion_matrix
from analysis.error_types import error_types
from mmosis.datasets import OneShotCocoDataset
from mmosis.evaluation import Dump, OneShotCocoMetric, judge_run, random_baseline
from mmosis.structures import RLEMasks, load_episodes
from mmosis.utils.coco_file import load_coco

CHANGES = {
    'as they are': lambda number: number,
    'words': lambda number: f'no. {number}',
    'negative': lambda number: -number,
    'around 0': lambda number: number - 100,
    'of 64 bits': lambda number: 2**63 - 20 + number,
    'of 70 bits': lambda number: 2**70 + number,
    'from below to beyond 64 bits': lambda number: (-1) ** number * 2**64 + number,
}
CROWD = 105


@pytest.fixture(params=CHANGES)
def change_id(request: pytest.FixtureRequest) -> Callable[[int], int | str]:
    return CHANGES[request.param]


@pytest.fixture
def root(tiny_coco: Callable, change_id: Callable) -> Path:
    """The tiny set with changed ids, without its degenerate box."""

    def change(*names: str) -> Callable:
        return lambda entries: [
            {**entry, **{name: change_id(entry[name]) for name in names}}
            for entry in entries
            if 'bbox' not in entry or entry['bbox'][2] >= 1
        ]

    return tiny_coco(images=change('id'), categories=change('id'), annotations=change('id', 'image_id', 'category_id'))


@pytest.fixture
def make_dataset(root: Path, tiny_dataset: Callable) -> Callable[..., OneShotCocoDataset]:
    return lambda *args, **settings: tiny_dataset(root, *args, **settings)


def answer(dataset: OneShotCocoDataset, index: int) -> dict:
    """The truth of all episodes of an image."""
    info = dataset.get_data_info(index)
    episodes = dataset.list_episodes(info)
    rows = [
        (number, instance['bbox'])
        for number, episode in enumerate(episodes)
        for instance in info['instances']
        if instance['bbox_label'] == episode.label and not instance['ignore_flag']
    ]
    masks = np.zeros((len(rows), info['height'], info['width']), dtype=bool)
    for mask, (_, (x1, y1, x2, y2)) in zip(masks, rows, strict=True):
        mask[round(y1) : round(y2), round(x1) : round(x2)] = True
    found = InstanceData(
        bboxes=torch.tensor([bbox for _, bbox in rows]),
        scores=torch.ones(len(rows)),
        episode_ids=torch.tensor([number for number, _ in rows]),
        masks=RLEMasks.encode(masks),
    )
    return dict(img_id=info['img_id'], episodes=episodes, pred_instances=found)


def test_training_draws_the_same(make_dataset: Callable, tiny_dataset: Callable, change_id: Callable) -> None:
    """A training sample depends on the order of the file, not on its ids."""
    dataset = make_dataset(split=1)
    for index in range(8):
        (info, (episode,)), (plain_info, (plain,)) = (each.draw_episodes(index) for each in (dataset, tiny_dataset()))
        assert (info['img_id'], episode.cat_id) == (change_id(plain_info['img_id']), change_id(plain.cat_id))
        assert {reference.img_id for reference in episode.references} != {info['img_id']}
    known = {annotation['id'] for annotation in json.loads(Path(dataset.ann_file).read_text())['annotations']}
    sampled = [reference.ann_id for index in range(8) for reference in dataset.draw_episodes(index)[1][0].references]
    assert set(sampled) < known
    assert {type(ann_id) for ann_id in sampled} == {type(change_id(1))}
    assert dataset[0]['ref_inputs'].any()


def test_a_test_is_judged_dumped_and_replayed(make_dataset: Callable, change_id: Callable, tmp_path: Path) -> None:
    dataset = make_dataset(True, split=1, phase='background', runs=2, num_absent=1)
    metric = OneShotCocoMetric(dump_dir=str(tmp_path / 'dump'))
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        metric.process({}, [answer(dataset, index)])
    result = metric.evaluate(len(dataset))
    assert (result['background/bbox_mAP_50'], result['background/segm_mAP_50']) == (1, 1)
    assert (result['background/bbox_absent_mAP_50'], result['background/bbox_mAP_50/run1']) == (1, 1)

    dump, coco = Dump.load(tmp_path / 'dump'), load_coco(dataset.ann_file)
    assert repr(dump.evaluate(coco)) == repr(metric.report)  # with nan, which equals nothing
    assert {episode.image_id for episode in dump.episodes} == {change_id(number) for number in (7, 3, 12, 5, 9, 31)}
    replay = make_dataset(True, episodes_file=str(tmp_path / 'dump/episodes.json'))
    assert sorted(replay.episode_records()) == dump.episodes == load_episodes(tmp_path / 'dump/episodes.json')[1]

    episodes = dump.of_run(0)
    judgement = judge_run(coco, episodes, dump.runs[0])
    assert judgement.correct.all()
    assert error_types(judgement)['missed']['count'] == 0
    searched, shown, matrix = confusion_matrix(coco, episodes, dump.runs[0])
    assert searched == sorted(change_id(number) for number in (20, 30, 40, 80))
    assert [matrix[row, shown.index(cat_id)] for row, cat_id in enumerate(searched)] == [1] * 4


def test_random_boxes_are_of_the_searched_objects(make_dataset: Callable, change_id: Callable) -> None:
    dataset = make_dataset(True, split=1, phase='background', seed=3)
    coco = load_coco(dataset.ann_file)
    dump = random_baseline(coco, dataset.episode_records(), dataset.metainfo['protocol'], seed=3)
    assert len(dump.runs[0]) == sum(
        annotation['category_id'] in map(change_id, (20, 30, 40, 80)) and annotation['id'] != change_id(CROWD)
        for annotation in coco.dataset['annotations']
    )
    assert 0 <= dump.evaluate(coco)['bbox']['mean']['mAP_50'] < 1
