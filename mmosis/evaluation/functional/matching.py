"""Which detection finds which object, at one IoU: what every analysis of errors starts from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord

IOU_THR = 0.5
MAX_DETS = 100
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class Overlaps:
    """The detections of one episode, best score first, and all objects of its image.

    Attributes:
        episode: The episode.
        scores: (D,) descending, no more than the best 100.
        ious: (D, G) overlaps; with a crowd, the share of the detection that it covers.
        cat_ids: (G,) categories of the objects.
        crowds: (G,) whether an object is a crowd.
    """

    episode: EpisodeRecord
    scores: np.ndarray
    ious: np.ndarray
    cat_ids: np.ndarray
    crowds: np.ndarray

    def match(self, cat_id: int) -> np.ndarray:
        """Give every detection the object of a category that it finds: (D,) indices into G, or -1.

        Greedily by score, as COCO does: objects before crowds, which may be found again and again; of equal overlaps
        the last counts.
        """
        found = np.full(len(self.scores), -1)
        columns = np.flatnonzero(self.cat_ids == cat_id)
        if not len(columns):
            return found
        ious, crowds = self.ious[:, columns], self.crowds[columns]
        free = np.ones(len(columns), dtype=bool)
        for row in np.flatnonzero((ious >= IOU_THR).any(axis=1)):
            for candidates in (free & ~crowds, crowds):
                overlaps = np.where(candidates, ious[row], -1)
                best = len(overlaps) - 1 - int(overlaps[::-1].argmax())
                if overlaps[best] >= IOU_THR:
                    found[row], free[best] = columns[best], crowds[best]
                    break
        return found

    def finds_crowd(self, found: np.ndarray) -> np.ndarray:
        """Tell which detections of a match do not count, as they find a crowd: (D,)."""
        return (found >= 0) & np.append(self.crowds, False)[found]

    def num_objects(self, cat_id: int) -> int:
        """Count the objects of a category that can be found: all but crowds."""
        return int((~self.crowds & (self.cat_ids == cat_id)).sum())


def overlaps_of_run(
    coco: COCO, episodes: Sequence[EpisodeRecord], detections: Detections, iou_type: str
) -> Iterator[Overlaps]:
    """Compute the overlaps of every episode of a run.

    Args:
        coco: Annotations.
        episodes: Those of the run.
        detections: Those of the run.
        iou_type: 'bbox' or 'segm'.
    """
    rows: dict[tuple, list[int]] = defaultdict(list)
    for row, key in enumerate(zip(detections.image_ids.tolist(), detections.category_ids.tolist(), strict=True)):
        rows[key].append(row)
    for episode in episodes:
        found = np.array(rows.get((episode.image_id, episode.category_id), []), dtype=np.int64)
        found = found[np.argsort(-detections.scores[found], kind='stable')[:MAX_DETS]]
        truth = coco.imgToAnns[episode.image_id]
        yield Overlaps(
            episode,
            detections.scores[found],
            _ious(coco, detections[found], truth, iou_type),
            np.array([a['category_id'] for a in truth], dtype=object),
            np.array([bool(a['iscrowd']) for a in truth], dtype=bool),
        )


def _ious(coco: COCO, detections: Detections, truth: Sequence[Mapping], iou_type: str) -> np.ndarray:
    if not len(detections) or not truth:
        return np.zeros((len(detections), len(truth)))
    crowds = [int(a['iscrowd']) for a in truth]
    if iou_type == 'bbox':
        return mask_utils.iou(detections.bboxes, np.array([a['bbox'] for a in truth], dtype=float), crowds)
    return mask_utils.iou(detections.masks, [coco.annToRLE(a) for a in truth], crowds)


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
