"""Matplotlib figures of a report, from plain numbers."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

INK, ACCENT, SECOND, PALE = '#1f2933', '#2563eb', '#d97706', '#cbd5e1'
WIDTH = 8.0  # inches
CELL, MARGINS, MOST = 0.14, 2.8, 20.0  # of the confusion matrix: side of a cell, room for names, greatest width
STYLE = dict(fontsize=9, color=INK)


def category_figure(aps: Mapping[str, Mapping[str, float]]) -> Figure:
    """AP50 of each category, best first.

    Args:
        aps: For 'box' and 'mask' AP50 in % by category name.
    """
    types = list(aps)
    names = sorted(aps[types[0]], key=lambda name: np.nan_to_num(aps[types[0]][name]))
    figure, axes = _axes(height=1 + 0.2 * len(names))
    height = 0.8 / len(types)
    for number, (each, colour) in enumerate(zip(types, (ACCENT, SECOND), strict=False)):
        places = np.arange(len(names)) - number * height
        axes.barh(places, [aps[each][name] for name in names], height, color=colour, label=each)
    axes.set_yticks(np.arange(len(names)) - height * (len(types) - 1) / 2, names, **STYLE)
    axes.set_ylim(-0.8, len(names) - 0.3)
    axes.set_xlabel('AP50 (%)', **STYLE)
    axes.legend(frameon=False)
    return figure


def confusion_figure(rows: Sequence[str], columns: Sequence[str], matrix: np.ndarray) -> Figure:
    """The paper's Fig. 7: AP50 of detections for references of i judged as j, and the sums of columns below.

    Args:
        rows: Names of the categories searched for.
        columns: Names of those judged as.
        matrix: (I, J) in %.
    """
    width = float(np.clip(CELL * len(columns) + MARGINS, WIDTH, MOST))
    height = CELL * len(rows) + MARGINS
    figure = Figure(figsize=(width, height), layout='constrained')
    axes, sums = figure.subplots(2, 1, sharex=True, height_ratios=[max(height - 2.3, 0.5), 1])
    size = min(9, 72 * 0.7 * (width - MARGINS) / len(columns))
    image = axes.imshow(matrix, cmap='magma_r', vmin=0, vmax=max(matrix.max(), 1), aspect='auto')
    figure.colorbar(image, ax=axes, label='AP50 (%)', pad=0.01)
    axes.set_yticks(range(len(rows)), rows, fontsize=7, color=INK)
    axes.set_ylabel('reference of', **STYLE)
    others = matrix.sum(axis=0) - [matrix[rows.index(name), j] if name in rows else 0 for j, name in enumerate(columns)]
    sums.bar(range(len(columns)), others, color=ACCENT)
    sums.set_xticks(range(len(columns)), columns, rotation=90, fontsize=size, color=INK)
    sums.set_ylabel('sum over\nother rows', **STYLE)
    sums.set_xlabel('judged as', **STYLE)
    _plain(sums)
    return figure


def clutter_figure(groups: Mapping[str, Mapping[str, Mapping]]) -> Figure:
    """The paper's Fig. 8: mAP50 by the number of objects in the image.

    Args:
        groups: For 'box' and 'mask' groups as :func:`~analysis.clutter.ap_by_clutter` gives them.
    """
    figure, axes = _axes(height=3.2)
    for number, ((name, bars), colour) in enumerate(zip(groups.items(), (ACCENT, SECOND), strict=False)):
        width = 0.8 / len(groups)
        axes.bar(
            np.arange(len(bars)) + (number - (len(groups) - 1) / 2) * width,
            [100 * bar['mean'] for bar in bars.values()],
            width,
            yerr=[100 * (bar['interval'] or 0) for bar in bars.values()],
            color=colour,
            label=name,
            error_kw=dict(ecolor=INK, elinewidth=1, capsize=2),
        )
        axes.set_xticks(range(len(bars)), [f'{name}\n({bar["num_images"]})' for name, bar in bars.items()], **STYLE)
    axes.set_xlabel('objects in the image (images)', **STYLE)
    axes.set_ylabel('mAP50 (%)', **STYLE)
    figure.legend(loc='outside upper right', ncols=len(groups), frameon=False, fontsize=9)
    return figure


def spread_figure(spread: Mapping[str, Mapping[str, float]]) -> Figure:
    """Range of each category's AP50 over runs with other references, widest first.

    Args:
        spread: ``mean``, ``min`` and ``max`` in % by category name.
    """
    names = list(spread)[::-1]
    figure, axes = _axes(height=1 + 0.2 * len(names))
    low, mean, high = (np.array([spread[name][key] for name in names]) for key in ('min', 'mean', 'max'))
    axes.hlines(range(len(names)), low, high, color=PALE, linewidth=5)
    axes.plot(mean, range(len(names)), 'o', color=ACCENT, markersize=4)
    axes.set_yticks(range(len(names)), names, **STYLE)
    axes.set_ylim(-0.8, len(names) - 0.2)
    axes.set_xlabel('AP50 (%): lowest, mean and highest run', **STYLE)
    return figure


def errors_figure(errors: Mapping[str, Mapping[str, float]]) -> Figure:
    """The AP50 that each type of error costs, with counts.

    Args:
        errors: ``gain`` (0-1) and ``count`` by type, as :func:`~analysis.error_types.error_types` gives them.
    """
    figure, axes = _axes(height=2.6)
    names = list(errors)[::-1]
    gains = [100 * errors[name]['gain'] for name in names]
    bars = axes.barh(names, gains, color=ACCENT)
    axes.bar_label(bars, [f'{errors[name]["count"]:,.0f}' for name in names], padding=3, **STYLE)
    axes.margins(x=0.12)
    axes.set_xlabel('mAP50 gained without it (points); beside each bar the number of errors', **STYLE)
    return figure


def calibration_figure(calibration: Mapping) -> Figure:
    """Reliability diagram: how often detections of a score are right.

    Args:
        calibration: As :func:`~analysis.reliability.measure_reliability` gives it.
    """
    figure, axes = _axes(height=4, width=4.6)
    bins = [one for one in calibration['bins'] if one['count']]
    axes.plot([0, 1], [0, 1], color=PALE, linestyle='--', label='calibrated')
    axes.plot([one['score'] for one in bins], [one['precision'] for one in bins], 'o-', color=ACCENT, label='measured')
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.set_xlabel('score', **STYLE)
    axes.set_ylabel('fraction of right detections', **STYLE)
    axes.legend(frameon=False)
    return figure


def _axes(height: float, width: float = WIDTH) -> tuple:
    figure = Figure(figsize=(width, height), layout='constrained')
    axes = figure.subplots()
    _plain(axes)
    return figure, axes


def _plain(axes) -> None:
    axes.spines[['top', 'right']].set_visible(False)
    axes.tick_params(labelsize=8, colors=INK)
