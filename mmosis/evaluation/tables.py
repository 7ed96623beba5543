"""The tables that people read, in percent."""

import math
from collections.abc import Mapping, Sequence

from terminaltables import AsciiTable

from .functional import SearchCounts
from .published import TABLE_2

SPLITS = (1, 2, 3, 4)
NAMES = dict(bbox='box', segm='mask')


def runs_table(metrics: Mapping[str, Mapping]) -> str:
    """Table mAP50 of each run, and mean ± half the 95 % confidence interval, as in the paper's Table 2.

    Where absent categories were asked for, also mAP50 that counts them, and the false positives an image at a recall.

    Args:
        metrics: What :func:`~mmosis.evaluation.evaluate_runs` returns.
    """
    kinds = list(metrics)
    numbers = [number for number, run in enumerate(metrics[kinds[0]]['runs']) if run is not None]
    rows = [[f'run {run}', *(_percent(metrics[kind]['runs'][run]['mAP_50']) for kind in kinds)] for run in numbers]
    if len(numbers) > 1:
        rows.append(['mean', *(mean_with_interval(metrics[kind]) for kind in kinds)])
    if 'absent' in metrics[kinds[0]]:
        rows += _absent_rows([metrics[kind]['absent'] for kind in kinds])
    return AsciiTable([['mAP50', *(NAMES[kind] for kind in kinds)], *rows]).table


def _absent_rows(results: Sequence[Mapping]) -> list[list[str]]:
    keys = [key for key in results[0]['mean'] if key.startswith('FP')]
    return [
        ['with absent', *map(mean_with_interval, results)],
        *([key, *(f'{result["mean"][key]:.2f}' for result in results)] for key in keys),
    ]


def category_table(metrics: Mapping[str, Mapping]) -> str:
    """Table the AP50 of each category, mean over the runs."""
    kinds = list(metrics)
    names = list(metrics[kinds[0]]['per_category'])
    rows = [[name, *(_percent(metrics[kind]['per_category'][name]['mAP_50']) for kind in kinds)] for name in names]
    return AsciiTable([['category', *(NAMES[kind] for kind in kinds)], *rows]).table


def counts_table(counts: SearchCounts) -> str:
    """Table what a user sees of searches: recall, precision and F1, what they are of, and how often the boxed is found.

    Args:
        counts: Of all searches.
    """
    cells = dict(
        searches=counts.searches,
        objects=counts.objects,
        found=counts.found,
        false=counts.false,
        recall=f'{counts.recall:.3f}',
        precision=f'{counts.precision:.3f}',
        F1=f'{counts.f1:.3f}',
    )
    if counts.boxed:
        cells['self-found'] = f'{counts.self_found_rate:.3f}'
    return AsciiTable([list(cells), list(cells.values())]).table


def split_tables(tests: Sequence[tuple[Mapping, Mapping]]) -> str:
    """Join tests of several splits into the paper's Table 2, the published rows beside ours.

    Args:
        tests: Info and metrics of each, as :class:`~mmosis.evaluation.Dump` has and gives them.

    Raises:
        ValueError: If a test is of no split, or two are of the same categories of one split.
    """
    cells: dict[tuple, dict[int, Mapping]] = {}
    for info, metrics in tests:
        split, row = info.get('split'), info.get('detector', info.get('phase'))
        if split is None:
            raise ValueError('tests of splits 1 to 4 are joined, and one says of no split; give it alone')
        for kind, result in metrics.items():
            if split in cells.setdefault((kind, row), {}):
                raise ValueError(f'two tests are of {row} in split {split}; give one of them')
            cells[kind, row][split] = result
    kinds = dict.fromkeys(kind for kind, _ in cells)
    return '\n'.join(
        _split_table(kind, {row: tests for (k, row), tests in cells.items() if k == kind}) for kind in kinds
    )


def _split_table(kind: str, rows: Mapping[str, Mapping[int, Mapping]]) -> str:
    lines = [[f'{NAMES[kind]} mAP50', *(f'S{split}' for split in SPLITS), 'average']]
    for row, tests in rows.items():
        means = [tests[split]['mean']['mAP_50'] for split in SPLITS if split in tests]
        average = _percent(sum(means) / len(means)) if len(means) == len(SPLITS) else '-'
        lines.append([row, *(mean_with_interval(tests[s]) if s in tests else '-' for s in SPLITS), average])
        if (row, kind) in TABLE_2:
            lines.append([f'{row}, published (COCO)', *(f'{figure:.1f}' for figure in TABLE_2[row, kind])])
    return AsciiTable(lines).table


def mean_with_interval(result: Mapping, key: str = 'mAP_50') -> str:
    """Write the mean of a metric over the runs ± half its 95 % confidence interval."""
    mean, interval = result['mean'][key], result['interval'][key]
    return _percent(mean) if interval is None or math.isnan(interval) else f'{_percent(mean)} ± {_percent(interval)}'


def _percent(value: float) -> str:
    return '-' if math.isnan(value) else f'{100 * value:.1f}'
