"""A training that is killed and resumed ends to the last bit as one that is not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from killed_training import outcome, same, train_to_the_end
from mmengine.config import Config

CONFIGS = Path(__file__).parents[2] / 'configs'
MAX_ITERS = 12


@pytest.fixture
def training(tiny_model_cfg: Callable, tiny_dataset_cfg: Callable, tmp_path: Path) -> Callable[..., dict]:
    """Config of a short training with all that has a state: ``training(name, num_workers)``."""
    # mmdet's sampler draws from the global generator, ours from the episode's.
    model = tiny_model_cfg(train_cfg=dict(rpn=dict(sampler=dict(type='RandomSampler'))))
    dataset = tiny_dataset_cfg()

    def make(name: str, num_workers: int = 0, **changes) -> dict:
        runtime = Config.fromfile(CONFIGS / '_base_' / 'default_runtime.py')
        runtime.merge_from_dict(
            dict(
                default_hooks=dict(logger=dict(interval=1), checkpoint=dict(interval=2, max_keep_ckpts=2)),
                visualizer=dict(vis_backends=[dict(type='LocalVisBackend')], name=name),
                log_level='WARNING',
            )
        )
        cfg = dict(
            model=model,
            work_dir=str(tmp_path / name),
            experiment_name=name,
            train_dataloader=dict(
                batch_size=1, num_workers=num_workers, sampler=dict(type='EpisodeSampler'), dataset=dataset
            ),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=MAX_ITERS),
            optim_wrapper=dict(
                optimizer=dict(type='SGD', lr=0.01, momentum=0.9), clip_grad=dict(max_norm=5.0), accumulative_counts=2
            ),
            param_scheduler=[
                dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=5),
                dict(type='MultiStepLR', by_epoch=False, milestones=[8]),
            ],
            custom_hooks=[dict(type='HeadsFirstHook', num_iters=5)],
        )
        return {**runtime.to_dict(), **cfg, **changes}

    return make


@pytest.mark.slow
@pytest.mark.parametrize('num_workers', [0, 2])
def test_three_kills(training: Callable, tmp_path: Path, num_workers: int) -> None:
    calls = train_to_the_end(training('complete', num_workers))
    left = train_to_the_end(training('killed', num_workers), [calls // 2, calls // 4, calls // 3])
    assert left < calls / 2
    assert same(outcome(tmp_path / 'killed'), outcome(tmp_path / 'complete'))
