"""A study: several configs, each trained with several seeds and tested, in one table."""

import copy
import json
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from mmosis.engine import newest_valid_checkpoint
from mmosis.utils.atomic import write_atomic
from mmosis.utils.config_file import run_name, set_split

from .experiment import run_test, run_training
from .study_tables import Setting, study_table, table_of_splits
from .training import resume_newest


def run_study(
    configs: Sequence[Config],
    seeds: Sequence[int],
    out_dir: str,
    phases: Sequence[str | None] = (None,),
    num_references: Sequence[int | None] = (None,),
    splits: Sequence[int | None] = (None,),
) -> str:
    """Train and test every config with every seed; existing results are kept, and stopped runs go on.

    A result is known by config name, split, seed, phase and number of references: other settings need another
    ``out_dir``.

    Args:
        configs: The configs, from files of different names; the first is the one that the others are compared with.
        seeds: Seeds of weights and episodes in training; the test episodes are the same for all.
        out_dir: Folder; run ``<config>/seed<n>`` has its checkpoints and a ``results.json``. With a split ``<config>``
            ends in ``_s<split>``.
        phases: Phases to test on.
        num_references: Numbers of references an episode to test with.
        splits: The paper's splits to hold out, 1 to 4, each by every config; None: the config's own.

    Returns:
        str: The table, mAP50 in %: mean and standard deviation over the seeds; for configs of several splits, named
        ``<name>_s<split>``, one of splits follows. Both are in ``table.md``, and every single figure in ``study.json``.

    Raises:
        ValueError: If two configs have one name, or one has no split to choose.
    """
    names = [run_name(cfg.filename, split) for cfg in configs for split in splits]
    if len(set(names)) < len(names):
        raise ValueError(f'configs of a study must have different file names, got {names}')
    of_splits = [_of_split(cfg, split) for cfg in configs for split in splits]
    results = []
    for seed in seeds:
        for name, cfg in zip(names, of_splits, strict=True):
            settings = [Setting(name, phase, number) for phase in phases for number in num_references]
            results += _run(cfg, seed, Path(out_dir, name, f'seed{seed}'), settings)
    Path(out_dir, 'study.json').write_text(json.dumps(results, indent=1))
    table = '\n\n'.join(filter(None, (study_table(results), table_of_splits(results))))
    Path(out_dir, 'table.md').write_text(table + '\n')
    return table


def _of_split(cfg: Config, split: int | None) -> Config:
    """Copy a config for a split."""
    cfg = copy.deepcopy(cfg)
    if split is not None:
        set_split(cfg, split)
    return cfg


def _run(cfg: Config, seed: int, work_dir: Path, settings: Sequence[Setting]) -> list[dict]:
    """Run what is missing of one config and seed; return the results of its settings."""
    file = work_dir / 'results.json'
    done = json.loads(file.read_text()) if file.is_file() else []
    cfg = copy.deepcopy(cfg)  # the caller's stays as it is
    cfg.work_dir, cfg.randomness.seed = str(work_dir), seed
    cfg.visualizer.name = str(work_dir)  # MMEngine gives a visualizer of the same name again, with its first folder
    missing = [setting for setting in settings if not any(setting.is_of(result) for result in done)]
    if missing:
        checkpoint = _train(cfg, trained=bool(done))
    for setting in missing:
        dataset = {key: value for key, value in setting._asdict().items() if key != 'config' and value is not None}
        print_log(f'{setting}, seed {seed}', logger='current')
        done.append(dict(**setting._asdict(), seed=seed, **run_test(cfg, checkpoint, **dataset)))
        write_atomic(file, json.dumps(done, indent=1))
    return [result for setting in settings for result in done if setting.is_of(result)]


def _train(cfg: Config, trained: bool) -> str:
    """Train, or take the checkpoint of a finished training; return it."""
    newest = newest_valid_checkpoint(cfg.work_dir) if trained else None
    if newest is None:
        resume_newest(cfg)
        newest = run_training(cfg)
    return newest
