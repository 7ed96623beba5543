"""HeadsFirstHook: the backbone is still until its step, in one process, in two, and after a resume."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.runner import Runner
from torch import nn
from two_ranks import run_two_ranks

from mmosis.engine import HeadsFirstHook, StrictRunner

SWITCH, MAX_ITERS = 2, 5


class Recorder(Hook):
    """Notes, before the first step and after each, what the hook is about."""

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self.backbone, self.heads, self.has_state, self.draws = [], [], [], []

    def before_train(self, runner: Runner) -> None:
        self._note(runner)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict, outputs: dict) -> None:
        self._note(runner)
        self.draws += [sample.draw for sample in data_batch['data_samples']]

    def _note(self, runner: Runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self.backbone.append(digest(model.backbone.parameters()))
        self.heads.append(digest(model.rpn_head.parameters()))
        state = runner.optim_wrapper.optimizer.state
        self.has_state.append(any(parameter in state for parameter in model.backbone.parameters()))


def digest(parameters: Iterable[nn.Parameter]) -> str:
    return hashlib.sha256(b''.join(p.detach().numpy().tobytes() for p in parameters)).hexdigest()


def train(cfg: Config) -> tuple[Recorder, Runner]:
    recorder, runner = Recorder(), StrictRunner.from_cfg(cfg)
    runner.register_hook(recorder)
    runner.train()
    return recorder, runner


def train_rank(work_dir: Path, cfg: dict) -> Recorder:
    """What each of two ranks does: as tools/train.py on a CPU."""
    wrapper = dict(type='MMDistributedDataParallel', device_ids=None, find_unused_parameters=True)
    recorder, _ = train(Config(dict(cfg, launcher='pytorch', model_wrapper_cfg=wrapper)))
    return recorder


@pytest.fixture
def runner_cfg(tiny_model_cfg: Callable, tiny_dataset_cfg: Callable) -> Callable[..., Config]:
    """Config of a short training of the tiny model, one image a step and process."""
    dataset = tiny_dataset_cfg()

    def make(work_dir: Path, **settings) -> Config:
        cfg = dict(
            default_scope='mmdet',
            model=tiny_model_cfg(),
            work_dir=str(work_dir),
            experiment_name=str(work_dir),
            train_dataloader=dict(batch_size=1, num_workers=0, sampler=dict(type='EpisodeSampler'), dataset=dataset),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=MAX_ITERS),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9)),
            custom_hooks=[dict(type='HeadsFirstHook', num_iters=SWITCH)],
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1)),
            randomness=dict(seed=0),
            log_level='WARNING',
        )
        return Config(ConfigDict({**cfg, **settings}))

    return make


def assert_switched(recorder: Recorder) -> None:
    """Bit-equal to its start and without optimizer state until the switch; trained at every step from then on."""
    assert set(recorder.backbone[: SWITCH + 1]) == {recorder.backbone[0]}
    assert len(set(recorder.backbone[SWITCH:])) == MAX_ITERS - SWITCH + 1
    assert len(set(recorder.heads)) == MAX_ITERS + 1
    assert recorder.has_state == [False] * (SWITCH + 1) + [True] * (MAX_ITERS - SWITCH)


def test_the_backbone_is_still_until_its_step(runner_cfg: Callable, tmp_path: Path) -> None:
    recorder, _ = train(runner_cfg(tmp_path / 'run'))
    assert_switched(recorder)


def test_no_steps_means_no_waiting(runner_cfg: Callable, tmp_path: Path) -> None:
    hooks = [dict(type='HeadsFirstHook', num_iters=0)]
    train_cfg = dict(type='IterBasedTrainLoop', max_iters=1)
    recorder, _ = train(runner_cfg(tmp_path / 'run', custom_hooks=hooks, train_cfg=train_cfg))
    assert recorder.backbone[0] != recorder.backbone[1]


def test_a_resume_starts_on_the_right_side(runner_cfg: Callable, tmp_path: Path) -> None:
    """Before, at and after the switch; every resumed run ends in the weights of the run that was not interrupted."""
    complete, _ = train(runner_cfg(tmp_path / 'complete'))
    for start in (SWITCH - 1, SWITCH, SWITCH + 1):
        checkpoint = str(tmp_path / 'complete' / f'iter_{start}.pth')
        resumed, _ = train(runner_cfg(tmp_path / f'from{start}', load_from=checkpoint, resume=True))
        assert resumed.backbone == complete.backbone[start:]
        assert resumed.heads == complete.heads[start:]
        assert resumed.has_state == complete.has_state[start:]


def test_parameters_that_the_config_freezes_stay_frozen(
    runner_cfg: Callable, tiny_model_cfg: Callable, tmp_path: Path
) -> None:
    model = tiny_model_cfg(backbone=dict(norm_cfg=dict(requires_grad=False)))
    _, runner = train(runner_cfg(tmp_path / 'run', model=model))
    layers = [layer for layer in runner.model.backbone.modules() if list(layer.parameters(recurse=False))]
    frozen = {type(layer) for layer in layers if not layer.weight.requires_grad}
    trained = {type(layer) for layer in layers if layer.weight.requires_grad}
    assert (frozen, trained) == ({nn.GroupNorm}, {nn.Conv2d})


def test_two_processes_cross_the_switch(runner_cfg: Callable, tmp_path: Path) -> None:
    work_dir = tmp_path / 'ranks'
    work_dir.mkdir()
    cfg = runner_cfg(work_dir, find_unused_parameters=True)
    first, second = run_two_ranks(train_rank, work_dir, cfg.to_dict())
    # Other data in each rank, yet the same weights after each step: gradients are averaged, the backbone's too.
    assert first.draws == [(0, draw) for draw in (0, 2, 4, 6, 8)]
    assert second.draws == [(0, draw) for draw in (1, 3, 5, 7, 9)]
    assert first.backbone == second.backbone
    assert first.heads == second.heads
    assert_switched(first)
    assert_switched(second)


@pytest.fixture
def group_of_one(tmp_path: Path) -> Iterator[None]:
    torch.distributed.init_process_group('gloo', init_method=f'file://{tmp_path}/rendezvous', rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures('group_of_one')
def test_ddp_that_would_stop_at_the_still_backbone_is_refused() -> None:
    layers = dict(backbone=nn.Linear(1, 1), head=nn.Linear(1, 1))
    hook = HeadsFirstHook(1)
    with pytest.raises(ValueError, match='needs find_unused_parameters = True in the config'):
        hook.before_train(SimpleNamespace(model=MMDistributedDataParallel(nn.ModuleDict(layers)), iter=0))
    model = MMDistributedDataParallel(nn.ModuleDict(layers), find_unused_parameters=True)
    model.module.backbone = layers['backbone']
    hook.before_train(SimpleNamespace(model=model, iter=0))
    still = {name for name, parameter in model.module.named_parameters() if not parameter.requires_grad}
    assert still == {'backbone.weight', 'backbone.bias'}


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match='heads-only steps must be at least 0, got -1'):
        HeadsFirstHook(-1)
