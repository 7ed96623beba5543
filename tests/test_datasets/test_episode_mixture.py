"""One training from several data sets: which of them makes a draw, and that nothing else decides it."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmengine.config import ConfigDict
from mmengine.hooks import Hook
from mmengine.model import BaseModel

from mmosis.compat.checkpoint import load_weights_file
from mmosis.datasets import CocoFileDataset, EpisodeMixture, EpisodeSampler, OneShotCocoDataset
from mmosis.datasets.episode_mixture import BLOCK
from mmosis.engine import StrictRunner

WEIGHTS = [3, 1]


class OneWeight(BaseModel):
    """Stands for a detector: one weight, and a loss that every batch moves."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs, ref_inputs, data_samples=None, mode='loss'):
        return dict(loss=self.weight * torch.stack(inputs).float().mean() / 255)


class RecordingHook(Hook):
    """Notes what each step was trained on."""

    def __init__(self) -> None:
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.seen += [(s.draw, s.img_path, s.episodes[0], s.flip) for s in data_batch['data_samples']]


@pytest.fixture
def mixture_cfg(tiny_dataset_cfg: Callable, tiny_coco: Callable) -> dict:
    """A mixture of two files with the same images; the second has its categories in another order."""
    reversed_order = tiny_coco(categories=lambda categories: categories[::-1])
    parts = [tiny_dataset_cfg(split=1), tiny_dataset_cfg(reversed_order, split=None, phase='all')]
    return dict(type='EpisodeMixture', datasets=parts, weights=WEIGHTS)


@pytest.fixture
def mixture(mixture_cfg: dict) -> EpisodeMixture:
    return DATASETS.build(mixture_cfg)


def test_it_has_the_images_of_all_and_the_metainfo_of_the_first(mixture: EpisodeMixture) -> None:
    assert [len(part) for part in mixture.datasets] == [6, 7]
    assert len(mixture) == 13
    assert mixture.metainfo == mixture.datasets[0].metainfo != mixture.datasets[1].metainfo


def test_a_checkpoint_with_its_metainfo_is_read_as_data(mixture_cfg: dict, tmp_path: Path) -> None:
    metainfo = DATASETS.build(ConfigDict(mixture_cfg)).metainfo
    torch.save(dict(meta=dict(dataset_meta=metainfo)), tmp_path / 'iter_1.pth')
    assert load_weights_file(str(tmp_path / 'iter_1.pth'))['meta']['dataset_meta'] == metainfo


def test_each_data_set_is_drawn_as_often_as_its_weight_says(mixture: EpisodeMixture) -> None:
    parts = [mixture.locate(draw)[0] for draw in range(2000)]
    assert np.mean(parts) == pytest.approx(1 / 4, abs=0.03)
    # By chance, not by turns: the next one does not depend on the one before.
    after_second = [after for before, after in itertools.pairwise(parts) if before == 1]
    assert np.mean(after_second) == pytest.approx(1 / 4, abs=0.06)


def test_the_draws_of_each_data_set_are_numbered_without_gaps(mixture: EpisodeMixture) -> None:
    located = [mixture.locate(draw) for draw in range(3 * BLOCK + 5)]
    for part in range(2):
        numbers = [number for where, number in located if where == part]
        assert numbers == list(range(len(numbers)))


def test_a_place_does_not_depend_on_what_was_asked_before(mixture: EpisodeMixture, mixture_cfg: dict) -> None:
    draws = (0, 7, BLOCK - 1, BLOCK, 5 * BLOCK + 3)
    expected = [mixture.locate(draw) for draw in draws]
    for draw, place in zip(reversed(draws), reversed(expected), strict=True):
        assert DATASETS.build(mixture_cfg).locate(draw) == place
    assert [mixture.locate(draw) for draw in reversed(draws)] == expected[::-1]


def test_a_sample_is_that_of_its_data_set(mixture: EpisodeMixture) -> None:
    for draw in range(12):
        part, number = mixture.locate(draw)
        dataset = mixture.datasets[part]
        info, (episode,) = dataset.draw_episodes(number)
        sample = mixture[draw]['data_samples']
        assert (sample.img_path, sample.episodes) == (info['img_path'], [episode])
        assert sample.draw == (dataset.seed, number)


def test_one_seed_rules_all_and_gives_each_data_set_its_own(mixture: EpisodeMixture) -> None:
    before = [mixture.locate(draw) for draw in range(50)]
    seeds = [part.seed for part in mixture.datasets]
    EpisodeSampler(mixture, seed=5)
    assert mixture.seed == 5
    of_five = [part.seed for part in mixture.datasets]
    assert len({*seeds, *of_five}) == 4
    after = [mixture.locate(draw) for draw in range(50)]
    assert after != before
    mixture.seed = 0
    assert [part.seed for part in mixture.datasets] == seeds
    assert [mixture.locate(draw) for draw in range(50)] == before


def test_data_sets_over_one_file_show_other_episodes(tiny_dataset: Callable, tiny_coco: Callable) -> None:
    root = tiny_coco()
    first, second = EpisodeMixture([tiny_dataset(root), tiny_dataset(root)], [1, 1]).datasets
    assert [first.draw_episodes(d)[1] for d in range(12)] != [second.draw_episodes(d)[1] for d in range(12)]


@pytest.fixture
def train(mixture_cfg: dict, tmp_path: Path) -> Callable:
    """Train to ``max_iters`` steps of two samples; returns what the steps saw."""

    def _run(name: str, max_iters: int, num_workers: int = 0, resume: bool = False) -> list[tuple]:
        hook = RecordingHook()
        loader = dict(batch_size=2, num_workers=num_workers, dataset=mixture_cfg, sampler=dict(type='EpisodeSampler'))
        runner = StrictRunner(
            model=OneWeight(),
            work_dir=str(tmp_path / name),
            train_dataloader=loader,
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=max_iters),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=3)),
            custom_hooks=[hook],
            resume=resume,
            randomness=dict(seed=5),
            default_scope='mmdet',
            experiment_name=f'{tmp_path.name}_{name}_{max_iters}',
        )
        runner.train()
        # End the workers now: garbage collection would wait seconds for each.
        runner.train_loop.dataloader_iterator._iterator = None
        return hook.seen

    return _run


def test_workers_and_a_resume_change_nothing(train: Callable, mixture: EpisodeMixture) -> None:
    complete = train('complete', 6)
    first = train('interrupted', 3)
    assert first + train('interrupted', 6, num_workers=2, resume=True) == complete
    mixture.seed = 5
    assert [draw for draw, *_ in complete] == [mixture[d]['data_samples'].draw for d in range(12)]


@pytest.mark.parametrize('weights', [[1], [1, 1, 1], [1, 0], [1, -1], [1, float('nan')], [1, float('inf')]])
def test_weights_that_do_not_fit_are_refused(mixture: EpisodeMixture, weights: list) -> None:
    with pytest.raises(ValueError, match=r'a mixture needs a positive weight for each data set, got \[1.*\] for 2'):
        EpisodeMixture(mixture.datasets, weights)


def test_an_empty_mixture_is_refused() -> None:
    with pytest.raises(ValueError, match=r'a mixture needs a positive weight for each data set, got \[\] for 0'):
        EpisodeMixture([], [])


def test_data_sets_without_training_episodes_are_refused(mixture_cfg: dict, tiny_dataset: Callable) -> None:
    test: OneShotCocoDataset = tiny_dataset(test_mode=True)
    with pytest.raises(ValueError, match=r'a mixture is for training, and .*json is to be tested; set test_mode=F'):
        EpisodeMixture([test], [1])
    files = {key: mixture_cfg['datasets'][0][key] for key in ('data_root', 'ann_file', 'data_prefix')}
    with pytest.raises(TypeError, match='a mixture is of OneShotCocoDataset, got CocoFileDataset'):
        EpisodeMixture([CocoFileDataset(**files)], [1])
