"""Two processes learn what one does that accumulates gradients over the same half-batches."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from mmengine.utils import apply_to
from torch import Tensor
from two_ranks import run_two_ranks

from mmosis.models import OneShotDataPreprocessor

STEPS = 5


@MODELS.register_module()
class DoubleDataPreprocessor(OneShotDataPreprocessor):
    """Gives the network its input in double precision."""

    def forward(self, data: dict, training: bool = False) -> dict:
        data = super().forward(data, training)
        return apply_to(data, lambda x: isinstance(x, Tensor) and x.is_floating_point(), Tensor.double)


def train(work_dir: Path, cfg: dict) -> dict[str, Tensor]:
    """Train in this process, one of one or two; returns the weights."""
    torch.set_default_dtype(torch.float64)
    try:
        runner = Runner.from_cfg(Config(cfg))
        runner.train()
    finally:
        torch.set_default_dtype(torch.float32)
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    return {name: value.numpy() for name, value in model.state_dict().items()}


@pytest.fixture
def training(tiny_model_cfg: Callable, tiny_dataset_cfg: Callable, tmp_path: Path) -> Callable[..., dict]:
    dataset = tiny_dataset_cfg()

    def make(name: str, counts: int, **changes: Any) -> dict:
        (tmp_path / name).mkdir()
        cfg = dict(
            default_scope='mmdet',
            model=tiny_model_cfg(data_preprocessor=dict(type='DoubleDataPreprocessor')),
            work_dir=str(tmp_path / name),
            experiment_name=str(tmp_path / name),
            train_dataloader=dict(batch_size=1, num_workers=0, sampler=dict(type='EpisodeSampler'), dataset=dataset),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=STEPS * counts),
            optim_wrapper=dict(
                optimizer=dict(type='SGD', lr=0.05, momentum=0.9),
                clip_grad=dict(max_norm=5.0),
                accumulative_counts=counts,
            ),
            default_hooks=dict(checkpoint=None, exact_resume=dict(type='ExactResumeHook')),
            randomness=dict(seed=0),
            log_level='WARNING',
        )
        return ConfigDict({**cfg, **changes}).to_dict()

    return make


def test_two_ranks_are_one_process_with_two_half_batches(training: Callable, tmp_path: Path) -> None:
    wrapper = dict(type='MMDistributedDataParallel', device_ids=None, find_unused_parameters=True)
    one = train(tmp_path / 'one', training('one', 2))
    ranks = run_two_ranks(train, tmp_path / 'two', training('two', 1, launcher='pytorch', model_wrapper_cfg=wrapper))
    for rank in ranks:
        assert rank.keys() == one.keys()
        for name, value in one.items():
            assert value.dtype == 'float64', name
            assert rank[name] == pytest.approx(value, rel=1e-6, abs=1e-12), name
