"""Schedules that count steps: scaled to another length of the training, and checked against it."""

import logging
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.logging import print_log

# Settings of MMEngine's schedulers, of its loop and of our hooks that count steps.
SCHEDULER_STEPS = ('begin', 'end', 'milestones', 'T_max', 'periods', 'step_size', 'total_steps')
LOOP_STEPS = ('val_begin', 'val_interval', 'dynamic_intervals')
HOOK_STEPS = ('num_iters',)


def scale_schedule(cfg: Config, steps: int) -> None:
    """Set the length of a training, and scale what depends on it in proportion.

    These are the schedulers (warm-up, decay, milestones), the intervals of the validation, and the steps in which
    :class:`HeadsFirstHook` trains the heads only. Each takes a step at least; a scheduler that would begin after the
    end is dropped. How often checkpoints are saved stays: that is what a kill may cost.

    Args:
        cfg: The config; it is changed.
        steps: The new ``train_cfg.max_iters``.

    Raises:
        ValueError: If ``steps`` or ``train_cfg.max_iters`` is no whole number, or less than 1.
    """
    check_steps('steps', steps)
    length = cfg.train_cfg.get('max_iters')
    check_steps('train_cfg.max_iters', length)

    def scale(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [scale(each) for each in value]
        return max(1, value * steps // length) if value > 0 else value

    def scale_in(settings: ConfigDict, keys: tuple[str, ...]) -> None:
        settings.update({key: scale(settings[key]) for key in keys if key in settings})

    scale_in(cfg.train_cfg, LOOP_STEPS)
    cfg.train_cfg.max_iters = steps
    for hook in cfg.get('custom_hooks') or ():
        scale_in(hook, HOOK_STEPS)
    schedulers = _schedulers(cfg)
    for scheduler in schedulers:
        if not _counts_epochs(scheduler):
            scale_in(scheduler, SCHEDULER_STEPS)
            if 'end' in scheduler:
                scheduler.end = max(scheduler.end, scheduler.get('begin', 0) + 1)
    cfg.param_scheduler = [each for each in schedulers if _counts_epochs(each) or each.get('begin', 0) < steps]


def check_schedule(cfg: Config) -> None:
    """Check a schedule against the length of its training; warn if it ends before.

    Raises:
        ValueError: If a count of steps is none, the schedule counts epochs, or a part of it comes after the last step.
    """
    length = cfg.train_cfg.get('max_iters')
    check_steps('train_cfg.max_iters', length)
    check_steps('train_cfg.val_interval', cfg.train_cfg.get('val_interval', 1))
    for index, scheduler in enumerate(_schedulers(cfg)):
        name = f'param_scheduler.{index}'
        if _counts_epochs(scheduler):
            if scheduler.get('convert_to_iter_based') or 'ReduceOnPlateau' in scheduler.type:
                continue
            raise ValueError(f'{name} ({scheduler.type}) counts epochs, and the training steps: set by_epoch=False')
        for key, value, latest in _moments(scheduler, length):
            check_steps(f'{name}.{key}', value, fewest=0)
            if value > latest:
                raise ValueError(
                    f'{name}.{key} ({scheduler.type}) is step {value}, and the training has {length} '
                    f'(train_cfg.max_iters): set at most {latest}, or set the length alone by steps={length} '
                    f'(--steps {length}), which scales the schedule'
                )
    ends = [scheduler.get('end', length) for scheduler in _schedulers(cfg)]
    if ends and max(ends) < length:
        print_log(
            f'the schedule ends at step {max(ends)} of {length} (train_cfg.max_iters), and from there on the learning '
            f'rate stays as it is; to scale the schedule, set the length by steps={length} (--steps {length}) alone',
            logger='current',
            level=logging.WARNING,
        )


def check_steps(name: str, value: Any, fewest: int = 1) -> None:
    """Check that a setting is a number of steps.

    Raises:
        ValueError: If it is no whole number, or less than ``fewest``.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < fewest:
        raise ValueError(f'{name} must be a whole number, at least {fewest}, got {value!r}')


def _moments(scheduler: ConfigDict, length: int) -> Iterator[tuple[str, Any, int]]:
    """A scheduler's moments: setting, step, and the last valid step."""
    if 'begin' in scheduler:
        yield 'begin', scheduler.begin, length - 1
    if 'end' in scheduler:
        yield 'end', scheduler.end, length
    milestones = scheduler.get('milestones', ())
    for milestone in milestones if isinstance(milestones, (list, tuple)) else [milestones]:
        yield 'milestones', milestone, length - 1


def _counts_epochs(scheduler: ConfigDict) -> bool:
    return scheduler.get('by_epoch', True)  # MMEngine's default


def _schedulers(cfg: Config) -> list[ConfigDict]:
    schedulers = cfg.get('param_scheduler') or []
    return [schedulers] if isinstance(schedulers, dict) else list(schedulers)
