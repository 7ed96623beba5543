"""A training of one weight, for tests of what is around a model."""

import itertools
import os
import signal
from pathlib import Path
from typing import Any

import torch
from mmdet.registry import DATASETS, MODELS
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from torch import Tensor
from torch.utils.data import Dataset

from mmosis.engine import StrictRunner

NUMBERS = itertools.count()


@MODELS.register_module()
class OneWeight(BaseModel):
    """Stands for a detector: a weight, and two losses that every batch moves, one of them by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs: list[Tensor], data_samples: Any = None, mode: str = 'loss') -> dict[str, Tensor] | list:
        if mode == 'predict':
            return data_samples
        return dict(loss_a=self.weight * torch.stack(inputs).mean(), loss_b=self.weight * torch.rand(()))


@DATASETS.register_module()
class Draws(Dataset):
    """Sample d is the number d / 10, but for those of ``values``.

    The worker that makes sample ``deadly`` is killed, and ``unlike`` has another shape.
    """

    def __init__(
        self, values: dict[int, float] | None = None, deadly: int | None = None, unlike: int | None = None
    ) -> None:
        self.values, self.deadly, self.unlike, self.seed = values or {}, deadly, unlike, 0

    def __len__(self) -> int:
        return 4

    def __getitem__(self, draw: int) -> dict:
        if draw == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        sample = DetDataSample(metainfo=dict(img_path=f'{draw}.jpg', draw=(self.seed, draw)))
        value = torch.tensor(self.values.get(draw, draw / 10))
        return dict(inputs=value.expand(1 + (draw == self.unlike)), data_samples=sample)


def settings(work_dir: Path, max_iters: int = 6, batch_size: int = 2, num_workers: int = 0, **changes: Any) -> dict:
    """Arguments of a Runner: a checkpoint every second iteration, two are kept."""
    checkpoint = dict(type='AtomicCheckpointHook', by_epoch=False, interval=2, max_keep_ckpts=2)
    return {
        **dict(
            model=dict(type='OneWeight'),
            work_dir=str(work_dir),
            experiment_name=f'one_weight_{next(NUMBERS)}',
            train_dataloader=dict(
                batch_size=batch_size,
                num_workers=num_workers,
                sampler=dict(type='EpisodeSampler'),
                dataset=dict(type='Draws'),
            ),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=max_iters),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
            default_hooks=dict(
                checkpoint=checkpoint, exact_resume=dict(type='ExactResumeHook'), finite=dict(type='CheckFiniteHook')
            ),
            randomness=dict(seed=0),
            default_scope='mmdet',
            log_level='ERROR',
        ),
        **changes,
    }


def train_one_weight(
    work_dir: Path, checkpoint: dict | None = None, dataset: Draws | None = None, **changes: Any
) -> float:
    """Train; returns the weight.

    Args:
        work_dir: The work dir.
        checkpoint: Arguments of the checkpoint hook that differ.
        dataset: Other draws.
        **changes: Arguments of :func:`settings`.
    """
    arguments = settings(work_dir, **changes)
    arguments['default_hooks']['checkpoint'].update(checkpoint or {})
    if dataset is not None:
        arguments['train_dataloader']['dataset'] = dataset
    runner = StrictRunner(**arguments)
    runner.train()
    # End the workers now: garbage collection would wait seconds for each.
    runner.train_loop.dataloader_iterator._iterator = None
    return runner.model.weight.item()
