"""A study: several configs, each trained with several seeds and tested, in one table."""

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.logging import print_log
from terminaltables import GithubFlavoredMarkdownTable

from mmosis.utils.atomic import write_atomic

from .experiment import METRICS, run_test, run_training
from .training import resume_newest


class Setting(NamedTuple):
    """One line of the table but for its seeds.

    Attributes:
        config: Stem of the config file.
        phase: Categories that are tested, or None for what the config says.
        num_references: References an episode in the test, or None for what the config says.
    """

    config: str
    phase: str | None = None
    num_references: int | None = None


def run_study(
    configs: Sequence[Config],
    seeds: Sequence[int],
    out_dir: str,
    phases: Sequence[str | None] = (None,),
    num_references: Sequence[int | None] = (None,),
) -> str:
    """Train and test every config with every seed. Results that are there already are kept, runs that stopped go on.

    A result is known by config name, seed, phase and number of references: other settings need another ``out_dir``.

    Args:
        configs: The configs, from files of different names; the first is the one that the others are compared with.
        seeds: Seeds of weights and episodes in training; the test episodes are the same for all.
        out_dir: Folder; run ``<config>/seed<n>`` has its checkpoints and a ``results.json``.
        phases: Phases to test on.
        num_references: Numbers of references an episode to test with.

    Returns:
        str: The table, mAP50 in %: mean and standard deviation over the seeds. It is in ``table.md`` too, and every
        single figure in ``study.json``.

    Raises:
        ValueError: If two configs have one name.
    """
    stems = [Path(cfg.filename).stem for cfg in configs]
    if len(set(stems)) < len(stems):
        raise ValueError(f'configs of a study must have different file names, got {stems}')
    results = []
    for seed in seeds:
        for stem, cfg in zip(stems, configs, strict=True):
            settings = [Setting(stem, phase, number) for phase in phases for number in num_references]
            results += _run(cfg, seed, Path(out_dir, stem, f'seed{seed}'), settings)
    table = study_table(results)
    Path(out_dir, 'study.json').write_text(json.dumps(results, indent=1))
    Path(out_dir, 'table.md').write_text(table + '\n')
    return table


def _run(cfg: Config, seed: int, work_dir: Path, settings: Sequence[Setting]) -> list[dict]:
    """Do what is missing of one run; return the results of its settings."""
    file = work_dir / 'results.json'
    done = json.loads(file.read_text()) if file.is_file() else []
    cfg = copy.deepcopy(cfg)  # the caller's stays as it is
    cfg.work_dir, cfg.randomness.seed = str(work_dir), seed
    resume_newest(cfg)
    cfg.visualizer.name = str(work_dir)  # MMEngine gives a visualizer of the same name again, with its first folder
    checkpoint = run_training(cfg) if not done else (work_dir / 'last_checkpoint').read_text()
    for setting in settings:
        if not any(_is_of(result, setting) for result in done):
            dataset = {key: value for key, value in setting._asdict().items() if key != 'config' and value is not None}
            print_log(f'{setting}, seed {seed}', logger='current')
            done.append(dict(**setting._asdict(), seed=seed, **run_test(cfg, checkpoint, **dataset)))
            write_atomic(file, json.dumps(done, indent=1))
    return [result for setting in settings for result in done if _is_of(result, setting)]


def _is_of(result: dict, setting: Setting) -> bool:
    return all(result[key] == value for key, value in setting._asdict().items())


def study_table(results: Sequence[dict]) -> str:
    """Table results in Markdown: a row a setting, mAP50 in %, mean ± standard deviation over the seeds.

    Beside each mean stands its difference to that of the first config in the same test.

    Args:
        results: Dicts with the fields of :class:`Setting`, ``seed``, ``box`` and, where there are masks, ``mask``.
    """
    settings = list(dict.fromkeys(Setting(*(result[key] for key in Setting._fields)) for result in results))
    columns = [i for i in range(3) if i == 0 or any(setting[i] is not None for setting in settings)]
    header = [('config', 'categories', 'references')[i] for i in columns]
    rows = []
    for setting in settings:
        runs = _figures(results, setting)
        first = _figures(results, setting._replace(config=settings[0].config))
        cells = [cell for name in METRICS for cell in (_spread(runs[name]), _difference(runs[name], first[name]))]
        rows.append([*(str(setting[i]) for i in columns), str(len(runs['box'])), *cells])
    return GithubFlavoredMarkdownTable(
        [[*header, 'seeds', *(cell for name in METRICS for cell in (name, '+-'))], *rows]
    ).table


def _figures(results: Sequence[dict], setting: Setting) -> dict[str, list[float]]:
    """The figures of a setting, in %, one of each kind a seed."""
    runs = [result for result in results if _is_of(result, setting)]
    return {name: [100 * run[name] for run in runs if name in run] for name in METRICS}


def _spread(values: Sequence[float]) -> str:
    """Mean ± sample standard deviation."""
    if not values:
        return '-'
    mean = f'{np.mean(values):.1f}'
    return mean if len(values) == 1 else f'{mean} ± {np.std(values, ddof=1):.1f}'


def _difference(values: Sequence[float], first: Sequence[float]) -> str:
    return f'{np.mean(values) - np.mean(first):+.1f}' if values and first else '-'
