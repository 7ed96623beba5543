"""The paper's evaluation: every run a COCO evaluation of its own, then mean and interval over the runs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord

from .boxed_references import filter_boxed
from .coco_ap import evaluate_searches
from .judgement import false_positives_at_recall, judge_run

CONFIDENCE = 0.95
ABSENT_METRICS = ('mAP', 'mAP_50', 'mAP_75')
IOU_TYPES = ('bbox', 'segm')
Metrics = dict[str, float]


def evaluate_runs(
    coco: COCO,
    episodes: Sequence[EpisodeRecord],
    runs: Sequence[Detections],
    iou_types: Sequence[str] = IOU_TYPES,
    boxed: bool = False,
) -> dict[str, dict]:
    """Evaluate the detections of all runs (paper section 5.2).

    AP of a category is over the images that were searched for it in that run: what other images show of it is not
    missed. Where episodes ask for absent categories, the standard figures do not count them, and ``absent`` has those
    that do.

    Args:
        coco: Annotations.
        episodes: What was searched for, in all runs.
        runs: The detections of each run.
        iou_types: 'bbox', 'segm' or both.
        boxed: Whether references that lie on the searched image are filtered, see :func:`filter_boxed`.

    Returns:
        dict: For each IoU type ``runs``, the metrics of each run as :func:`evaluate_searches` names them, 0-1, None for
        a run without an episode; ``mean`` and ``interval``, half the width of the 95 % confidence interval of the mean
        (Student's t; None for one run), over the others; ``per_category``, the means by category name; and maybe
        ``absent``.

    Raises:
        ValueError: If detections and episodes do not belong to the annotations.
    """
    if not episodes:
        raise ValueError('there is no episode to evaluate')
    return {iou_type: _evaluate_type(coco, episodes, runs, iou_type, boxed) for iou_type in iou_types}


def _evaluate_type(
    coco: COCO, episodes: Sequence[EpisodeRecord], runs: Sequence[Detections], iou_type: str, boxed: bool
) -> dict:
    shown = [episode for episode in episodes if not episode.absent]
    evaluated = [_evaluate_run(coco, shown, number, run, iou_type, boxed) for number, run in enumerate(runs)]
    asked = {episode.run for episode in shown} or set(range(len(runs)))  # with absent categories alone all is nan
    result = dict(
        summarise_runs([means if number in asked else None for number, (means, _) in enumerate(evaluated)]),
        per_category=_mean_by_category(coco, [per_category for _, per_category in evaluated]),
    )
    if len(shown) < len(episodes):
        result['absent'] = summarise_runs(
            [_evaluate_absent(coco, episodes, number, run, iou_type) for number, run in enumerate(runs)]
        )
    return result


def _evaluate_run(
    coco: COCO, episodes: Sequence[EpisodeRecord], number: int, run: Detections, iou_type: str, boxed: bool = False
) -> tuple[Metrics, dict[int | str, Metrics]]:
    """Evaluate a run's detections of some episodes."""
    mine = [episode for episode in episodes if episode.run == number]
    if boxed:
        coco, run, *_ = filter_boxed(coco, mine, run, iou_type)
    searched = defaultdict(set)
    for episode in mine:
        searched[episode.category_id].add(episode.image_id)
    return evaluate_searches(coco, run, iou_type, searched)


def _evaluate_absent(
    coco: COCO, episodes: Sequence[EpisodeRecord], number: int, run: Detections, iou_type: str
) -> Metrics | None:
    """Evaluate a run's detections of all its episodes, those for absent categories among them; None without any."""
    mine = [episode for episode in episodes if episode.run == number]
    if not mine:
        return None
    counted, _ = _evaluate_run(coco, mine, number, run, iou_type)
    wrong = false_positives_at_recall(judge_run(coco, mine, run, iou_type))
    return dict({key: counted[key] for key in ABSENT_METRICS}, **wrong)


def _mean_by_category(coco: COCO, runs: Sequence[Mapping[int | str, Metrics]]) -> dict[str, Metrics]:
    """Average the figures of each category over the runs that searched for it, by its name."""
    cat_ids = sorted({cat_id for run in runs for cat_id in run})
    return {coco.cats[cat_id]['name']: _mean_of([run[cat_id] for run in runs if cat_id in run]) for cat_id in cat_ids}


def summarise_runs(runs: Sequence[Metrics | None]) -> dict:
    """Mean and 95 % confidence interval of each metric over the runs that have episodes, and the runs themselves."""
    there = [run for run in runs if run is not None]
    return dict(
        runs=list(runs), mean=_mean_of(there), interval={key: _interval([r[key] for r in there]) for key in there[0]}
    )


def _mean_of(runs: Sequence[Mapping[str, float]]) -> Metrics:
    return {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}


def _interval(values: Sequence[float]) -> float | None:
    """Half the width of the confidence interval of the mean, which one run does not have."""
    if len(values) < 2:
        return None
    from scipy import stats  # half a second, which a search need not wait for

    return float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
