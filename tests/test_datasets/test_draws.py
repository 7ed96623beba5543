"""A training sample is a function of (seed, draw), whatever the workers, processes or a resume."""

import itertools
import random

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from torch.utils.data import DataLoader

from mmosis.datasets import EpisodeSampler
from mmosis.datasets.samplers import episode_sampler

NUM = 24
BATCH = 3


@pytest.fixture
def dataset(tiny_dataset, tiny_pipelines):
    """Two references an episode, random transforms of image and reference."""
    crop = tiny_pipelines['ref'][:2]
    return tiny_dataset(
        num_references=2,
        pipeline=[*tiny_pipelines['train'][:2], dict(type='PhotoMetricDistortion'), *tiny_pipelines['train'][2:]],
        ref_pipeline=[*crop, dict(type='RandomFlip', prob=0.5), *tiny_pipelines['ref'][2:]],
    )


def _describe(inputs, sample, ref_inputs) -> tuple:
    """All that matters of a sample; pixels as bytes."""
    (episode,) = sample.episodes
    anns = tuple(reference.ann_id for reference in episode.references)
    pixels = inputs.numpy().tobytes(), ref_inputs.numpy().tobytes()
    return sample.draw[1], sample.img_id, episode.cat_id, anns, sample.flip, *pixels


def _load(dataset, sampler: EpisodeSampler, num: int, num_workers: int = 0) -> list[tuple]:
    loader = DataLoader(dataset, batch_size=BATCH, sampler=sampler, num_workers=num_workers, collate_fn=pseudo_collate)
    batches = itertools.islice(loader, num // BATCH)
    return [
        _describe(*item) for b in batches for item in zip(b['inputs'], b['data_samples'], b['ref_inputs'], strict=True)
    ]


@pytest.fixture
def load(dataset, monkeypatch):
    """Load samples as rank r of W: ``load(num, rank=0, world_size=1, seed=5, skip=0, num_workers=0)``."""

    def _run(num=NUM, rank=0, world_size=1, seed=5, skip=0, num_workers=0):
        monkeypatch.setattr(episode_sampler, 'get_dist_info', lambda: (rank, world_size))
        sampler = EpisodeSampler(dataset, seed=seed)
        sampler.skip(skip)
        return _load(dataset, sampler, num, num_workers)

    return _run


@pytest.fixture
def expected(load):
    return load()


def test_draws_differ_from_each_other(expected):
    assert [sample[0] for sample in expected] == list(range(NUM))
    assert len({sample[1:] for sample in expected}) == NUM
    assert {sample[4] for sample in expected} == {True, False}


def test_workers_change_nothing(load, expected):
    assert load(num_workers=2) == expected


@pytest.mark.parametrize('num_workers', [0, 2])
def test_processes_change_nothing(load, expected, num_workers):
    ranks = [load(NUM // 2, rank=rank, world_size=2, num_workers=num_workers) for rank in range(2)]
    assert [sample for step in zip(*ranks, strict=True) for sample in step] == expected


@pytest.mark.parametrize('num_workers', [0, 2])
def test_a_resume_changes_nothing(load, expected, num_workers):
    assert load(NUM - 9, skip=9, num_workers=num_workers) == expected[9:]


def test_a_resume_in_two_processes_changes_nothing(load, expected):
    assert load(6, rank=1, world_size=2, skip=6) == expected[13::2]


def test_a_sample_does_not_depend_on_those_before_it(dataset, expected):
    dataset.seed = 5
    for draw in (20, 3, 11):
        item = dataset[draw]
        assert _describe(item['inputs'], item['data_samples'], item['ref_inputs']) == expected[draw]


def test_another_seed_gives_other_samples(load, expected):
    other = load(seed=6)
    assert [sample[1:4] for sample in other] != [sample[1:4] for sample in expected]
    assert not {sample[5] for sample in other} & {sample[5] for sample in expected}


def test_global_generators_change_nothing_and_are_left_as_they_were(dataset, expected):
    dataset.seed = 5
    for seed in (0, 1):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        item = dataset[7]
        assert _describe(item['inputs'], item['data_samples'], item['ref_inputs']) == expected[7]
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == states
