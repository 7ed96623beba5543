"""Tables of metrics for people, in percent."""

import math
from collections.abc import Mapping, Sequence

from terminaltables import AsciiTable

NAMES = dict(bbox='box', segm='mask')


def runs_table(metrics: Mapping[str, Mapping]) -> str:
    """Table of mAP50 of each run, and of mean ± half the 95 % confidence interval, as in the paper's Table 2.

    Where absent categories were asked for, also mAP50 that counts them, and the false positives an image at a recall.

    Args:
        metrics: What :func:`~mmosis.evaluation.evaluate_runs` returns.
    """
    results = list(metrics.values())
    numbers = [number for number, run in enumerate(results[0]['runs']) if run is not None]
    rows = [[f'run {run}', *(_percent(result['runs'][run]['mAP_50']) for result in results)] for run in numbers]
    if len(numbers) > 1:
        rows.append(['mean', *map(mean_with_interval, results)])
    if 'absent' in results[0]:
        rows += _absent_rows([result['absent'] for result in results])
    return AsciiTable([['mAP50', *(NAMES[iou_type] for iou_type in metrics)], *rows]).table


def _absent_rows(results: Sequence[Mapping]) -> list[list[str]]:
    keys = [key for key in results[0]['mean'] if key.startswith('FP')]
    return [
        ['with absent', *map(mean_with_interval, results)],
        *([key, *(f'{result["mean"][key]:.2f}' for result in results)] for key in keys),
    ]


def category_table(metrics: Mapping[str, Mapping]) -> str:
    """Table of the AP50 of each category, mean over the runs."""
    results = [result['per_category'] for result in metrics.values()]
    rows = [[name, *(_percent(result[name]['mAP_50']) for result in results)] for name in results[0]]
    return AsciiTable([['category', *(NAMES[iou_type] for iou_type in metrics)], *rows]).table


def mean_with_interval(result: Mapping, key: str = 'mAP_50') -> str:
    """Format the mean of a metric over the runs ± half its 95 % confidence interval."""
    mean, interval = result['mean'][key], result['interval'][key]
    return _percent(mean) if interval is None or math.isnan(interval) else f'{_percent(mean)} ± {_percent(interval)}'


def _percent(value: float) -> str:
    return '-' if math.isnan(value) else f'{100 * value:.1f}'
