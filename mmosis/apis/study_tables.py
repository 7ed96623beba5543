"""Markdown tables of studies."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from terminaltables import GithubFlavoredMarkdownTable

from .experiment import METRICS

OF_SPLIT = re.compile(r'(?P<name>.+)_s(?P<split>[1-4])')


class Setting(NamedTuple):
    """A row of the table, without its seeds.

    Attributes:
        config: Stem of the config file.
        phase: Categories that are tested, or None for what the config says.
        num_references: References an episode in the test, or None for what the config says.
    """

    config: str
    phase: str | None = None
    num_references: int | None = None

    def is_of(self, result: dict) -> bool:
        """Whether a result is of this setting."""
        return all(result[key] == value for key, value in self._asdict().items())


def study_table(results: Sequence[dict]) -> str:
    """Table of results in Markdown: a row a setting, mAP50 in %, mean ± standard deviation over the seeds.

    Beside each mean stands its difference to that of the first config in the same test.

    Args:
        results: Dicts with the fields of :class:`Setting`, ``seed``, ``box`` and, where there are masks, ``mask``.
    """
    settings = _settings(results)
    columns = _columns(settings)
    rows = []
    for setting in settings:
        runs = _figures(results, setting)
        first = _figures(results, setting._replace(config=settings[0].config))
        cells = [cell for name in METRICS for cell in (_mean_and_std(runs[name]), _difference(runs[name], first[name]))]
        rows.append([*(str(setting[i]) for i in columns.values()), str(len(runs['box'])), *cells])
    return GithubFlavoredMarkdownTable(
        [[*columns, 'seeds', *(cell for name in METRICS for cell in (name, '+-'))], *rows]
    ).table


def _settings(results: Sequence[dict]) -> list[Setting]:
    return list(dict.fromkeys(Setting(*(result[key] for key in Setting._fields)) for result in results))


def _columns(settings: Iterable[Setting]) -> dict[str, int]:
    """Headings of the fields of settings that a table needs, and their positions."""
    headings = dict(config=0, categories=1, references=2)
    return {name: i for name, i in headings.items() if i == 0 or any(setting[i] is not None for setting in settings)}


def _figures(results: Sequence[dict], setting: Setting) -> dict[str, list[float]]:
    """The figures of a setting, in %, by name, one a seed."""
    runs = [result for result in results if setting.is_of(result)]
    return {name: [100 * run[name] for run in runs if name in run] for name in METRICS}


def _mean_and_std(values: Sequence[float]) -> str:
    """Mean ± sample standard deviation."""
    if not values:
        return '-'
    mean = f'{np.mean(values):.1f}'
    return mean if len(values) == 1 else f'{mean} ± {np.std(values, ddof=1):.1f}'


def _difference(values: Sequence[float], first: Sequence[float]) -> str:
    return f'{np.mean(values) - np.mean(first):+.1f}' if values and first else '-'


def table_of_splits(results: Sequence[dict]) -> str:
    """Markdown table of configs that differ in their split alone, ``<name>_s<split>``: a row a name, a column a split.

    A cell has mAP50 in %, box / mask, the mean over the seeds; the last column is the mean over the splits.

    Args:
        results: As for :func:`study_table`.

    Returns:
        str: The table, without configs of one split alone; empty if there are no others.
    """
    rows: dict[Setting, dict[str, Setting]] = defaultdict(dict)
    for setting in _settings(results):
        if found := OF_SPLIT.fullmatch(setting.config):
            rows[setting._replace(config=found['name'])][found['split']] = setting
    rows = {row: cells for row, cells in rows.items() if len(cells) > 1}
    if not rows:
        return ''
    columns = _columns(rows)
    splits = sorted(set().union(*rows.values()))
    lines = [
        [*(str(row[i]) for i in columns.values()), *_split_cells(results, [cells.get(split) for split in splits])]
        for row, cells in rows.items()
    ]
    return GithubFlavoredMarkdownTable([[*columns, *(f'S{split}' for split in splits), 'mean'], *lines]).table


def _split_cells(results: Sequence[dict], settings: Sequence[Setting | None]) -> list[str]:
    """A cell for each split, and the mean where all are there."""
    means = [
        [np.mean(runs) for runs in _figures(results, setting).values() if runs] if setting else None
        for setting in settings
    ]
    mean = None if None in means else np.mean(means, axis=0)
    return ['-' if figures is None else ' / '.join(f'{value:.1f}' for value in figures) for figures in (*means, mean)]
