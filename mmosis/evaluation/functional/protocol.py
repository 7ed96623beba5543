"""The paper's evaluation: every run a COCO evaluation of its own, then mean and interval over the runs."""

from collections.abc import Mapping, Sequence

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord

from .absent import false_positives_at_recall
from .coco_ap import evaluate_detections
from .judgement import judge_run

CONFIDENCE = 0.95
ABSENT_METRICS = ('mAP', 'mAP_50', 'mAP_75')
IOU_TYPES = ('bbox', 'segm')
Metrics = dict[str, float]


def evaluate_runs(
    coco: COCO, episodes: Sequence[EpisodeRecord], runs: Sequence[Detections], iou_types: Sequence[str] = IOU_TYPES
) -> dict[str, dict]:
    """Evaluate the detections of all runs (paper section 5.2).

    AP of a category is over the images that were searched for it. Where episodes ask for absent categories, the
    standard figures leave them out, and ``absent`` has those that count them.

    Args:
        coco: Annotations.
        episodes: What was searched for, in all runs.
        runs: The detections of each run.
        iou_types: 'bbox', 'segm' or both.

    Returns:
        dict: For each kind ``runs``, the metrics of each run as :func:`evaluate_detections` names them, 0-1; ``mean``
        and ``interval``, half the width of the 95 % confidence interval of the mean (Student's t; None for one run);
        ``per_category``, the means by category name; and maybe ``absent``.

    Raises:
        ValueError: If detections and episodes do not fit the annotations.
    """
    if not episodes:
        raise ValueError('there is no episode to evaluate')
    return {kind: _evaluate_kind(coco, episodes, runs, kind) for kind in iou_types}


def _evaluate_kind(coco: COCO, episodes: Sequence[EpisodeRecord], runs: Sequence[Detections], kind: str) -> dict:
    shown = [episode for episode in episodes if not episode.absent]
    evaluated = [_evaluate_run(coco, shown, number, run, kind) for number, run in enumerate(runs)]
    cat_ids = sorted({cat_id for _, per_category in evaluated for cat_id in per_category})
    result = dict(
        summarise_runs([means for means, _ in evaluated]),
        per_category={
            coco.cats[cat_id]['name']: _mean_of([c[cat_id] for _, c in evaluated if cat_id in c]) for cat_id in cat_ids
        },
    )
    if len(shown) < len(episodes):
        counted = [_evaluate_run(coco, episodes, number, run, kind)[0] for number, run in enumerate(runs)]
        wrong = [
            false_positives_at_recall(judge_run(coco, [e for e in episodes if e.run == number], run, kind))
            for number, run in enumerate(runs)
        ]
        result['absent'] = summarise_runs(
            [dict({key: c[key] for key in ABSENT_METRICS}, **w) for c, w in zip(counted, wrong, strict=True)]
        )
    return result


def _evaluate_run(
    coco: COCO, episodes: Sequence[EpisodeRecord], number: int, run: Detections, kind: str
) -> tuple[Metrics, dict[int, Metrics]]:
    """Evaluate a run's detections of some episodes."""
    pairs = {(e.image_id, e.category_id) for e in episodes if e.run == number}
    asked = np.array(
        [p in pairs for p in zip(run.image_ids.tolist(), run.category_ids.tolist(), strict=True)], dtype=bool
    )
    cat_ids, img_ids = {cat_id for _, cat_id in pairs}, {img_id for img_id, _ in pairs}
    return evaluate_detections(coco, run[asked], kind, sorted(cat_ids), sorted(img_ids))


def summarise_runs(runs: Sequence[Metrics]) -> dict:
    """Mean and 95 % confidence interval of each metric over runs, beside the runs themselves."""
    return dict(
        runs=list(runs), mean=_mean_of(runs), interval={key: _interval([r[key] for r in runs]) for key in runs[0]}
    )


def _mean_of(runs: Sequence[Mapping[str, float]]) -> Metrics:
    return {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}


def _interval(values: Sequence[float]) -> float | None:
    """Half the width of the confidence interval of the mean, which one run does not have."""
    if len(values) < 2:
        return None
    from scipy import stats  # half a second, which a search need not wait for

    return float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
