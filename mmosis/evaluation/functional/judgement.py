"""Judgement: the detections of a run as true or false positives, with their best overlaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord
from mmosis.utils.fraction_of import fraction_of
from mmosis.utils.packed import id_array

from .matching import MAX_DETS, Overlaps, average_precision, overlaps_of_run

RECALLS = (0.3, 0.5, 0.7)


@dataclass(frozen=True)
class Judgement:
    """The best detections of each episode of a run, without those of ignored objects.

    Attributes:
        episodes: E episodes.
        num_objects: (E,) objects of the category in the image that can be found.
        episode: (D,) index of each detection's episode.
        rows: (D,) which of the run's detections they are.
        scores: (D,) in 0-1.
        correct: (D,) whether it finds an object at IoU 0.5.
        own: (D,) index of the object of its category that it overlaps most, among its image's annotations, or -1.
        own_iou: (D,) that overlap.
        other_iou: (D,) largest overlap with an object of another category.
    """

    episodes: Sequence[EpisodeRecord]
    num_objects: np.ndarray
    episode: np.ndarray
    rows: np.ndarray
    scores: np.ndarray
    correct: np.ndarray
    own: np.ndarray
    own_iou: np.ndarray
    other_iou: np.ndarray


def judge_run(
    coco: COCO,
    episodes: Sequence[EpisodeRecord],
    detections: Detections,
    iou_type: str = 'bbox',
    max_dets: int | None = MAX_DETS,
) -> Judgement:
    """Judge the detections of a run.

    Args:
        coco: Annotations.
        episodes: Those of the run.
        detections: Those of the run.
        iou_type: 'bbox' or 'segm'.
        max_dets: So many detections of an episode count, the best; None for all.

    Raises:
        ValueError: If there is no episode.
    """
    if not episodes:
        raise ValueError('there is no episode to judge')
    num_objects, columns = [], []
    for number, overlaps in enumerate(overlaps_of_run(coco, episodes, detections, iou_type, max_dets)):
        num_objects.append(overlaps.num_objects(overlaps.episode.category_id))
        columns.append((np.full(len(overlaps.scores), number), overlaps.rows, *_judge(overlaps)))
    joined = [np.concatenate(parts) for parts in zip(*columns, strict=True)]
    counts = ~joined.pop()
    return Judgement(episodes, np.array(num_objects), *(column[counts] for column in joined))


def category_aps(
    judgement: Judgement, correct: np.ndarray, kept: np.ndarray, num_objects: np.ndarray
) -> dict[int, float]:
    """Compute AP50 of each category id, 0-1; nan without an object.

    Args:
        judgement: Of a run.
        correct: (D,) whether each detection counts as right.
        kept: (D,) which detections are there at all.
        num_objects: (E,) objects of each episode.
    """
    cat_ids = id_array([episode.category_id for episode in judgement.episodes])
    of_detections = cat_ids[judgement.episode]
    aps = {}
    for cat_id in np.unique(cat_ids).tolist():
        mine = kept & (of_detections == cat_id)
        num = int(num_objects[cat_ids == cat_id].sum())
        aps[cat_id] = average_precision(judgement.scores[mine], correct[mine], num)
    return aps


def false_positives_at_recall(judgement: Judgement, recalls: Sequence[float] = RECALLS) -> dict[str, float]:
    """Count false positives an image, with one score threshold for all categories.

    The threshold is the highest at which so large a fraction of all objects is found at IoU 0.5.

    Args:
        judgement: Of a run with and without the category in the image.
        recalls: Fractions of the objects, 0-1.

    Returns:
        dict: ``FP@0.5`` and ``FP_absent@0.5``: false positives an image in all episodes, and in those for absent
        categories alone; nan where the recall is not reached.
    """
    order = np.argsort(-judgement.scores, kind='stable')
    scores, correct = judgement.scores[order], judgement.correct[order]
    absent = np.array([episode.absent for episode in judgement.episodes])[judgement.episode[order]]
    num_images = len({episode.image_id for episode in judgement.episodes})
    num_objects = judgement.num_objects.sum()
    figures = {}
    for recall in recalls:
        reached = np.flatnonzero(correct.cumsum() >= fraction_of(recall, num_objects)) if num_objects else ()
        # All detections of one score pass the threshold together.
        passed = scores >= scores[reached[0]] if len(reached) else None
        for name, wrong in ((f'FP@{recall}', ~correct), (f'FP_absent@{recall}', ~correct & absent)):
            figures[name] = float('nan') if passed is None else float((wrong & passed).sum() / num_images)
    return figures


def _judge(overlaps: Overlaps) -> tuple[np.ndarray, ...]:
    """Scores, correct, own, own_iou and other_iou of an episode's detections, and which find an ignored object."""
    own = (overlaps.cat_ids == overlaps.episode.category_id) & ~overlaps.ignored
    found = overlaps.match(overlaps.episode.category_id)
    nearest, own_iou = _nearest(overlaps.ious, own)
    _, other_iou = _nearest(overlaps.ious, (overlaps.cat_ids != overlaps.episode.category_id) & ~overlaps.ignored)
    correct = found >= 0
    # The object that was found counts as its own, even where a worse one is nearer.
    own_objects = np.where(correct, found, nearest)
    return overlaps.scores, correct, own_objects, own_iou, other_iou, overlaps.finds_ignored(found)


def _nearest(ious: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the wanted object that each detection overlaps most, -1 if none, and the overlap."""
    overlaps = np.where(wanted, ious, 0)
    best = overlaps.max(axis=1, initial=0)
    index = overlaps.argmax(axis=1) if overlaps.shape[1] else np.zeros(len(best), dtype=np.int64)
    return np.where(best > 0, index, -1), best
