"""Report on a test: all analyses of a dump, on one page."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation import Dump, Judgement, category_aps, judge_run, mean_with_interval
from mmosis.evaluation.dump import without_nan
from mmosis.evaluation.tables import NAMES

from . import report_figures as figures
from .clutter import ap_by_clutter
from .confusion import confusion_matrix, mean_confusion
from .error_types import error_types
from .gallery import Gallery
from .reliability import measure_reliability
from .report_page import CaptionedImage, Section, Table, png_of, render_page
from .sensitivity import ReferenceEffect, category_spread, reference_effects

TOP_CELLS = 15
REFERENCES_SHOWN = 12
EXAMPLES_SHOWN = 12


class Analysis(NamedTuple):
    """A section of the page, and its figures as plain data.

    Attributes:
        section: What people see.
        data: What programs read.
    """

    section: Section
    data: object


class _Test(NamedTuple):
    """The input of every analysis."""

    dump: Dump
    coco: COCO
    metrics: dict
    judgements: list[Judgement]
    gallery: Gallery | None

    def name(self, cat_id: int) -> str:
        return self.coco.cats[cat_id]['name']


def write_report(dump: Dump, coco: COCO, out_dir: str, title: str, gallery: Gallery | None = None) -> Path:
    """Analyse a test and write ``report.html``, ``report.json`` and one plot for each analysis.

    Args:
        dump: The test.
        coco: Its annotations.
        out_dir: Folder for the report.
        title: Heading of the page.
        gallery: Draws examples and references; None where the images are not available.

    Returns:
        Path: The page, which needs no other file.

    Raises:
        ValueError: If dump and annotations do not belong together.
    """
    judgements = [judge_run(coco, dump.of_run(run), dump.runs[run]) for run in dump.run_numbers]
    test = _Test(dump, coco, dump.evaluate(coco), judgements, gallery)
    steps: list[Callable[[_Test], Analysis | None]] = [
        _overview,
        _categories,
        _clutter,
        _errors,
        _confusion,
        _references,
        _calibration,
        _examples,
    ]
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    analyses = []
    for step in steps:
        analysis = step(test)
        if analysis is not None:
            analyses.append(analysis)
            _save(analyses, out)
    page = out / 'report.html'
    page.write_text(render_page(title, _facts(dump), [analysis.section for analysis in analyses]), encoding='utf-8')
    return page


def _save(analyses: Sequence[Analysis], out: Path) -> None:
    """Write the plot of the last analysis and the figures of all: they stay if a later one fails."""
    section = analyses[-1].section
    if section.figure is not None:
        (out / f'{section.anchor}.png').write_bytes(png_of(section.figure))
    data = {analysis.section.anchor: analysis.data for analysis in analyses}
    (out / 'report.json').write_text(json.dumps(without_nan(data), indent=1) + '\n')


def _facts(dump: Dump) -> str:
    num_images = len({episode.image_id for episode in dump.episodes})
    settings = ', '.join(f'{key} {_short(value)}' for key, value in dump.info.items() if value is not None)
    return f'{num_images} images, {len(dump.episodes)} episodes in {len(dump.run_numbers)} runs; {settings}'


def _short(value: object) -> str:
    """A setting in short: a component by its type."""
    return str(value.get('type', value)) if isinstance(value, Mapping) else str(value)


def _overview(test: _Test) -> Analysis:
    keys = ['mAP_50', 'mAP', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l', 'AR@1', 'AR@10', 'AR@100']
    named = {NAMES[iou_type]: result for iou_type, result in test.metrics.items()}
    rows = [[name, *(mean_with_interval(result, key) for key in keys)] for name, result in named.items()]
    runs = [
        [f'run {run}', *(f'{100 * result["runs"][run]["mAP_50"]:.1f}' for result in named.values())]
        for run, figures in enumerate(next(iter(named.values()))['runs'])
        if figures is not None
    ]
    tables = [Table(['%', *keys], rows), Table(['mAP50', *named], runs)]
    absent = {name: result['absent'] for name, result in named.items() if 'absent' in result}
    if absent:
        keys = list(next(iter(absent.values()))['mean'])
        rows = [[name, *(_absent_cell(result, key) for key in keys)] for name, result in absent.items()]
        tables.append(Table(['with absent categories', *keys], rows))
    text = 'Mean over the runs, which differ in their references alone, ± half the 95 % confidence interval.'
    return Analysis(Section('Overview', text, tables=tables), test.metrics)


def _absent_cell(result: Mapping, key: str) -> str:
    return f'{result["mean"][key]:.2f}' if key.startswith('FP') else mean_with_interval(result, key)


def _categories(test: _Test) -> Analysis:
    aps = {
        NAMES[iou_type]: {name: 100 * ap['mAP_50'] for name, ap in result['per_category'].items()}
        for iou_type, result in test.metrics.items()
    }
    first = next(iter(aps.values()))
    order = sorted(first, key=lambda name: -np.nan_to_num(first[name]))
    table = Table(['category', *aps], [[name, *(f'{ap[name]:.1f}' for ap in aps.values())] for name in order])
    text = 'AP50 of each category, mean over the runs.'
    return Analysis(Section('Categories', text, figures.category_figure(aps), [table]), aps)


def _clutter(test: _Test) -> Analysis:
    searched = test.coco, test.dump.episodes, test.dump.runs
    groups = {NAMES[iou_type]: ap_by_clutter(*searched, iou_type) for iou_type in test.metrics}
    names = list(next(iter(groups.values())))
    rows = [
        [
            name,
            str(next(iter(groups.values()))[name]['num_images']),
            *(f'{100 * g[name]["mean"]:.1f}' for g in groups.values()),
        ]
        for name in names
    ]
    text = 'mAP50 by the number of objects of all categories in the image, as in Fig. 8 of the paper.'
    table = Table(['objects', 'images', *groups], rows)
    return Analysis(Section('Clutter', text, figures.clutter_figure(groups), [table]), groups)


def _errors(test: _Test) -> Analysis:
    of_runs = [error_types(judgement) for judgement in test.judgements]
    errors = {
        name: {key: float(np.mean([run[name][key] for run in of_runs])) for key in ('count', 'gain')}
        for name in of_runs[0]
    }
    rows = [[name, f'{e["count"]:,.0f}', f'{100 * e["gain"]:+.1f}'] for name, e in errors.items()]
    text = (
        'What wrong boxes are wrong about, after TIDE, and the points of mAP50 that the model would gain without each '
        'type. Class: an object of another category. Mean over the runs.'
    )
    table = Table(['error', 'number', 'mAP50 gained'], rows)
    return Analysis(Section('Errors', text, figures.errors_figure(errors), [table]), errors)


def _confusion(test: _Test) -> Analysis:
    *ids, aps = mean_confusion(
        [confusion_matrix(test.coco, test.dump.of_run(run), test.dump.runs[run]) for run in test.dump.run_numbers]
    )
    rows, columns = ([test.name(cat_id) for cat_id in cat_ids] for cat_ids in ids)
    matrix = 100 * aps
    cells = sorted(
        (
            (matrix[i, j], row, column)
            for i, row in enumerate(rows)
            for j, column in enumerate(columns)
            if row != column
        ),
        reverse=True,
    )
    text = (
        'Box AP50 of the detections for references of one category, judged as if they were of another, in the same '
        'images (Fig. 7 of the paper). Below, the sum of each column without its own row: what is found instead.'
    )
    table = Table(
        ['reference of', 'found', 'AP50'], [[row, column, f'{ap:.1f}'] for ap, row, column in cells[:TOP_CELLS]]
    )
    data = dict(rows=rows, columns=columns, matrix=matrix.tolist())
    return Analysis(Section('Confusion', text, figures.confusion_figure(rows, columns, matrix), [table]), data)


def _references(test: _Test) -> Analysis | None:
    """Spread over the runs, and the references with the highest and lowest AP."""
    if len(test.judgements) < 2:
        return None
    by_run = [_box_aps(judgement) for judgement in test.judgements]
    spread = {
        test.name(cat_id): {key: 100 * value for key, value in values.items()}
        for cat_id, values in category_spread(by_run).items()
    }
    effects = reference_effects(test.judgements)
    images = {}
    if test.gallery is not None:
        best = [effect for effect in effects if effect.effect > 0][:REFERENCES_SHOWN]
        worst = [effect for effect in effects[::-1] if effect.effect < 0][:REFERENCES_SHOWN]
        images = {'Did best': _reference_images(test, best), 'Did worst': _reference_images(test, worst)}
    keys = ('mean', 'std', 'min', 'max')
    rows = [[name, *(f'{values[key]:.1f}' for key in keys)] for name, values in spread.items()]
    text = (
        'How much box AP50 of a category differs between runs with other references. The images are the references '
        'that did best and worst beside other references of the same question: AP50 in their image, and the difference.'
    )
    section = Section(
        'References', text, figures.spread_figure(spread), [Table(['category', *keys], rows)], images, small=True
    )
    return Analysis(section, spread)


def _reference_images(test: _Test, effects: Sequence[ReferenceEffect]) -> list[CaptionedImage]:
    return [
        CaptionedImage(
            test.gallery.reference(effect.episode),
            f'{test.name(effect.episode.category_id)}: {100 * effect.ap:.0f} ({100 * effect.effect:+.0f})',
        )
        for effect in effects
    ]


def _box_aps(judgement: Judgement) -> dict[int, float]:
    """AP50 of each category, without what was found in episodes of absent ones."""
    shown = ~np.array([episode.absent for episode in judgement.episodes])
    return category_aps(judgement, judgement.correct, shown[judgement.episode], judgement.num_objects)


def _calibration(test: _Test) -> Analysis:
    scores, correct = (
        np.concatenate([getattr(judgement, name) for judgement in test.judgements]) for name in ('scores', 'correct')
    )
    result = measure_reliability(scores, correct)
    rows = [
        [f'{one["score"]:.2f}', f'{one["precision"]:.2f}', f'{one["count"]:,}']
        for one in result['bins']
        if one['count']
    ]
    text = f'Whether a score says how often a box is right (IoU 0.5). Expected calibration error {result["error"]:.3f}.'
    table = Table(['mean score', 'right', 'boxes'], rows)
    return Analysis(Section('Calibration', text, figures.calibration_figure(result), [table]), result)


def _examples(test: _Test) -> Analysis | None:
    if test.gallery is None:
        return None
    run = test.dump.run_numbers[0]
    shown = [episode for episode in test.dump.of_run(run) if not episode.absent]
    picked = shown[:: max(1, len(shown) // EXAMPLES_SHOWN)][:EXAMPLES_SHOWN]
    images = [
        CaptionedImage(test.gallery.result(episode, test.dump.runs[run]), f'image {episode.image_id}')
        for episode in picked
    ]
    text = (
        'Episodes at equal distances in the list, not the best ones: what was found for the reference at the lower '
        f'left (Fig. 5 of the paper), scores from {100 * test.gallery.score_thr:.0f} % up.'
    )
    return Analysis(Section('Examples', text, images={'': images}), [episode.image_id for episode in picked])
