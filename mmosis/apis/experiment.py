"""Steps of experiments: train a config, test a checkpoint, keep the figures."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import barrier, get_world_size, master_only

from mmosis.engine import AtomicCheckpointHook, StrictRunner

from .schedule import check_schedule
from .training import train

METRICS = dict(box='bbox_mAP_50', mask='segm_mAP_50')
TESTED_PHASES = ('one-shot', 'background')


@master_only
def write_table(cfg: Config, table: str, figures: Mapping) -> None:
    """Write a table to the work dir, for people and for programs, in the main process alone."""
    Path(cfg.work_dir, 'table.txt').write_text(table + '\n')
    Path(cfg.work_dir, 'table.json').write_text(json.dumps(figures, indent=1) + '\n')


@master_only
def say(text: str) -> None:
    """Print a line, in the main process alone."""
    print(text, flush=True)


def run_training(cfg: Config) -> str:
    """Train a config, in several processes each with its part of the batch.

    Returns:
        str: The last checkpoint.

    Raises:
        FileNotFoundError: If the config saves none.
        ValueError: If the batch cannot be divided.
    """
    cfg = copy.deepcopy(cfg)
    divide_batch(cfg)
    checkpoint = train(cfg)
    if checkpoint is None:
        raise FileNotFoundError(
            f'the training has saved no checkpoint in {cfg.work_dir}; set default_hooks.checkpoint.save_last=True'
        )
    barrier()  # the main process writes the last checkpoint
    return checkpoint


def check_training(cfg: Config) -> None:
    """Set up all that :func:`run_training` needs, so that errors are raised before anything that takes long.

    Args:
        cfg: The config of a training by steps; it stays as it is.

    Raises:
        FileNotFoundError: If data are missing.
        ValueError: If the batch cannot be divided, the schedule does not fit its length, or data or settings are wrong.
    """
    cfg = copy.deepcopy(cfg)
    divide_batch(cfg)
    check_schedule(cfg)
    try:
        runner = StrictRunner.from_cfg(cfg)
        _ = runner.train_loop, runner.val_loop  # they are built when they are asked for
        runner.optim_wrapper = runner.build_optim_wrapper(cfg.optim_wrapper)
        if cfg.get('param_scheduler'):
            runner.build_param_scheduler(cfg.param_scheduler)
    except (AssertionError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f'this config cannot be trained: {error}') from error
    for hook in runner.hooks:
        if isinstance(hook, AtomicCheckpointHook):
            hook.check_intervals(runner)


def divide_batch(cfg: Config) -> None:
    """Turn a config's batch size from that of all processes together into that of each.

    Raises:
        ValueError: If it is no multiple of their number.
    """
    batch_size, processes = cfg.train_dataloader.batch_size, get_world_size()
    if not isinstance(batch_size, int) or batch_size < 1 or batch_size % processes:
        raise ValueError(
            f'train_dataloader.batch_size is that of all {processes} process(es) together, so it must be a multiple '
            f'of {processes}, got {batch_size}'
        )
    cfg.train_dataloader.batch_size = batch_size // processes


def run_test(cfg: Config, checkpoint: str, **dataset: int | str) -> dict[str, float]:
    """Test a checkpoint.

    Args:
        cfg: Its config.
        checkpoint: The file.
        **dataset: Settings of the test dataset that differ from the config's, e.g. ``phase='background'``.

    Returns:
        dict: mAP50, 0-1, of 'box' and, where there are masks, 'mask'.
    """
    cfg = make_test_config(cfg, checkpoint, **dataset)
    return headline(StrictRunner.from_cfg(cfg).test())


def run_phase_tests(cfg: Config, checkpoint: str) -> dict[str, dict[str, float]]:
    """Test a checkpoint on one-shot and on background categories: the figures of :func:`run_test` by phase."""
    figures = {}
    for phase in TESTED_PHASES:
        say(f'Test on {phase} categories')
        figures[phase] = run_test(cfg, checkpoint, phase=phase)
    return figures


def make_test_config(cfg: Config, checkpoint: str, **dataset: int | str) -> Config:
    """Copy a config for a test of a checkpoint; arguments are those of :func:`run_test`."""
    cfg = copy.deepcopy(cfg)
    cfg.load_from, cfg.resume = checkpoint, False
    cfg.test_dataloader.dataset.update(dataset)
    return cfg


def headline(metrics: Mapping[str, float]) -> dict[str, float]:
    """Pick mAP50 of boxes and masks from a metric's result, whatever its prefix."""
    by_name = {key.partition('/')[2]: value for key, value in metrics.items()}
    return {name: by_name[key] for name, key in METRICS.items() if key in by_name}
