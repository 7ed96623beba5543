"""Matching of detections with objects at IoU 0.5, as COCO does it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord
from mmosis.utils.packed import id_array

from .truth import is_ignored, true_mask

IOU_THR = 0.5
MAX_DETS = 100
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Overlaps:
    """Detections of one episode, best score first, and all objects of its image.

    Attributes:
        episode: The episode.
        rows: (D,) which of the run's detections they are.
        scores: (D,) descending.
        ious: (D, G) overlaps; with an ignored object, the fraction of the detection that it covers.
        cat_ids: (G,) categories of the objects.
        ignored: (G,) whether an object is neither to be found nor to be missed, see :func:`is_ignored`.
    """

    episode: EpisodeRecord
    rows: np.ndarray
    scores: np.ndarray
    ious: np.ndarray
    cat_ids: np.ndarray
    ignored: np.ndarray

    def match(self, cat_id: int) -> np.ndarray:
        """Match every detection with an object of a category: (D,) indices into G, or -1.

        Greedily by score, as COCO does: objects before ignored ones, which may be found again and again; of equal
        overlaps the last counts.
        """
        found = np.full(len(self.scores), -1)
        columns = np.flatnonzero(self.cat_ids == cat_id)
        if not len(columns):
            return found
        ious, ignored = self.ious[:, columns], self.ignored[columns]
        free = np.ones(len(columns), dtype=bool)
        for row in np.flatnonzero((ious >= IOU_THR).any(axis=1)):
            for candidates in (free & ~ignored, ignored):
                overlaps = np.where(candidates, ious[row], -1)
                best = len(overlaps) - 1 - int(overlaps[::-1].argmax())
                if overlaps[best] >= IOU_THR:
                    found[row], free[best] = columns[best], ignored[best]
                    break
        return found

    def finds_ignored(self, found: np.ndarray) -> np.ndarray:
        """Which detections of a match do not count, because they find an ignored object: (D,)."""
        return (found >= 0) & np.append(self.ignored, False)[found]

    def num_objects(self, cat_id: int) -> int:
        """Number of objects of a category that are not ignored."""
        return int((~self.ignored & (self.cat_ids == cat_id)).sum())


def overlaps_of_run(
    coco: COCO,
    episodes: Sequence[EpisodeRecord],
    detections: Detections,
    iou_type: str,
    max_dets: int | None = MAX_DETS,
) -> Iterator[Overlaps]:
    """Compute the overlaps of every episode of a run.

    Args:
        coco: Annotations.
        episodes: Those of the run.
        detections: Those of the run.
        iou_type: 'bbox' or 'segm'.
        max_dets: So many detections of an episode count, the best; None for all.
    """
    rows: dict[tuple, list[int]] = defaultdict(list)
    for row, key in enumerate(zip(detections.image_ids.tolist(), detections.category_ids.tolist(), strict=True)):
        rows[key].append(row)
    for episode in episodes:
        found = np.array(rows.get((episode.image_id, episode.category_id), []), dtype=np.int64)
        found = found[np.argsort(-detections.scores[found], kind='stable')[:max_dets]]
        truth = coco.imgToAnns[episode.image_id]
        ignored = [is_ignored(coco, annotation, iou_type) for annotation in truth]
        yield Overlaps(
            episode,
            found,
            detections.scores[found],
            _ious(coco, detections[found], truth, ignored, iou_type),
            id_array([a['category_id'] for a in truth]),
            np.array(ignored, dtype=bool),
        )


def _ious(
    coco: COCO, detections: Detections, truth: Sequence[Mapping], ignored: Sequence[bool], iou_type: str
) -> np.ndarray:
    if not len(detections) or not truth:
        return np.zeros((len(detections), len(truth)))
    if iou_type == 'bbox':
        return mask_utils.iou(detections.bboxes, np.array([a['bbox'] for a in truth], dtype=float), ignored)
    return mask_utils.iou(detections.masks, [true_mask(coco, a) for a in truth], ignored)


def average_precision(scores: np.ndarray, correct: np.ndarray, num_objects: int) -> float:
    """COCO's average precision, 0-1: mean over 101 recalls of the best precision at that recall or above.

    Args:
        scores: (D,) of the detections that count.
        correct: (D,) whether each finds an object.
        num_objects: Objects there are.

    Returns:
        float: nan if there is no object.
    """
    if not num_objects:
        return float('nan')
    hits = correct[np.argsort(-scores, kind='stable')].cumsum()
    precision = np.append(np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1], 0)
    return float(precision[np.searchsorted(hits / num_objects, RECALLS)].mean())
