import itertools

import pytest

from mmosis.datasets import EpisodeSampler
from mmosis.datasets.samplers import episode_sampler


class FakeDataset:
    seed = 3

    def __len__(self) -> int:
        return 5


def _first(sampler: EpisodeSampler, num: int) -> list[int]:
    return list(itertools.islice(iter(sampler), num))


@pytest.fixture
def sampler_of(monkeypatch):
    """Build the sampler as rank r of W would: ``sampler_of(rank, world_size)``."""

    def build(rank: int, world_size: int, **settings) -> EpisodeSampler:
        monkeypatch.setattr(episode_sampler, 'get_dist_info', lambda: (rank, world_size))
        return EpisodeSampler(FakeDataset(), **settings)

    return build


def test_draws_are_numbered_without_end(sampler_of):
    assert _first(sampler_of(0, 1), 12) == list(range(12))


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_split_the_draws(sampler_of, world_size):
    ranks = [_first(sampler_of(rank, world_size), 4) for rank in range(world_size)]
    assert [draw for step in zip(*ranks, strict=True) for draw in step] == list(range(4 * world_size))


@pytest.mark.parametrize(('rank', 'world_size'), [(0, 1), (0, 2), (1, 2)])
def test_skipped_draws_are_those_of_the_rank(sampler_of, rank, world_size):
    sampler = sampler_of(rank, world_size)
    complete = _first(sampler, 10)
    sampler.skip(6)
    assert _first(sampler, 4) == complete[6:]
    sampler.skip(2)
    assert _first(sampler, 4) == complete[2:6]


@pytest.mark.parametrize(('seed', 'expected'), [(8, 8), (0, 0), (None, 3)])
def test_the_seed_of_the_run_becomes_the_datasets(seed, expected):
    dataset = FakeDataset()
    sampler = EpisodeSampler(dataset, seed=seed)
    assert (dataset.seed, len(sampler)) == (expected, 5)


def test_epochs_change_nothing(sampler_of):
    sampler = sampler_of(0, 1)
    sampler.set_epoch(3)
    assert _first(sampler, 3) == [0, 1, 2]


def test_a_negative_number_to_skip_is_refused(sampler_of):
    with pytest.raises(ValueError, match='the number of samples to skip must be at least 0, got -1'):
        sampler_of(0, 1).skip(-1)
