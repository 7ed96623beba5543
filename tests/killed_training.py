"""Train in a process of its own and kill it at a moment; compare what trainings have left."""

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from two_ranks import PRELOAD
from yapf.yapflib import yapf_api

from mmosis.apis import resume_newest, train
from mmosis.compat.checkpoint import load_from_local

# What a first Runner imports late takes seconds.
LATE = ['matplotlib.pyplot', 'torch._dynamo', 'mmosis.apis.training']
CLOCKED = ('time', 'data_time')


@HOOKS.register_module()
class Killer(Hook):
    """Counts the calls of Python and C functions of the training's main thread, and kills the process at one."""

    priority = 'VERY_HIGH'

    def __init__(self, moment: int | None) -> None:
        self.calls = 0
        self.moment = moment

    def before_train(self, runner: Runner) -> None:
        sys.setprofile(self._count)

    def after_train(self, runner: Runner) -> None:
        sys.setprofile(None)
        Path(runner.work_dir, 'calls.txt').write_text(str(self.calls))

    def _count(self, frame: FrameType, event: str, argument: Any) -> None:
        self.calls += 1
        if self.calls == self.moment:
            os.kill(os.getpid(), signal.SIGKILL)


@HOOKS.register_module()
class KillOnce(Hook):
    """Kills one rank before an iteration, and never again."""

    def __init__(self, rank: int, iteration: int, marker: str) -> None:
        self.rank, self.iteration, self.marker = rank, iteration, Path(marker)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        if (runner.rank, runner.iter) == (self.rank, self.iteration) and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def train_to_the_end(cfg: dict, moments: Sequence[int] = ()) -> int:
    """Train with a config, killed at each of some moments in turn, and resumed each time.

    Args:
        cfg: The config, with ``work_dir``.
        moments: For each kill the number of calls after which it comes.

    Returns:
        int: Calls of the last start, which did what was left to do.
    """
    for moment in moments:
        assert _start(cfg, moment) == -signal.SIGKILL
    assert _start(cfg, None) == 0
    return int(Path(cfg['work_dir'], 'calls.txt').read_text())


def _start(cfg: dict, moment: int | None) -> int:
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([*PRELOAD, *LATE])
    process = context.Process(target=_train, args=(cfg, moment))
    process.start()
    process.join()
    return process.exitcode


def _train(cfg: dict, moment: int | None) -> None:
    torch.set_num_threads(1)
    # The layout of the config takes most of the time of a small training.
    yapf_api.FormatCode = lambda text, **_: (text, True)
    cfg = Config(cfg)
    cfg.custom_hooks.append(dict(type='Killer', moment=moment))
    resume_newest(cfg)
    train(cfg)


def outcome(work_dir: Path) -> dict[str, Any]:
    """All that a training has left but times: its last checkpoint, and the log of each step.

    Steps that a killed training did twice must have given the same.
    """
    checkpoint = load_from_local((work_dir / 'last_checkpoint').read_text())
    steps: dict[int, dict] = {}
    for line in [line for file in work_dir.glob('*/vis_data/scalars.json') for line in file.read_text().splitlines()]:
        entry = {key: value for key, value in json.loads(line).items() if key not in CLOCKED}
        assert steps.setdefault(entry['step'], entry) == entry
    logged = checkpoint['message_hub']['log_scalars']
    return dict(
        {key: checkpoint[key] for key in ('state_dict', 'optimizer', 'param_schedulers')},
        scalars=steps,
        history={key: value for key, value in logged.items() if key.split('/')[1] not in CLOCKED},
    )


def same(one: Any, other: Any) -> bool:
    """Whether two outcomes are equal to the last bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, HistoryBuffer):
        return all(map(same, one.data, other.data))
    if isinstance(one, (torch.Tensor, np.ndarray)):
        return one.shape == other.shape and bool((one == other).all())
    return one == other
