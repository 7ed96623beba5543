"""Confusion between categories: the paper's Fig. 7."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation import Detections
from mmosis.evaluation.functional import Overlaps, average_precision, overlaps_of_run
from mmosis.structures import EpisodeRecord


def confusion_matrix(
    coco: COCO, episodes: Sequence[EpisodeRecord], detections: Detections, iou_type: str = 'bbox'
) -> tuple[list[int], list[int], np.ndarray]:
    """Judge the detections for references of category i as if those were of category j (paper Fig. 7).

    Only images that were searched for i count; in them all objects of j.

    Args:
        coco: Annotations.
        episodes: Those of a run.
        detections: Those of the run.
        iou_type: 'bbox' or 'segm'.

    Returns:
        tuple: Category ids of rows i and of columns j, and AP50 (I, J), 0-1; 0 where no such image shows j.
    """
    rows: dict[int, _Row] = {}
    # By image, as COCO orders detections of equal scores.
    for overlaps in overlaps_of_run(coco, sorted(episodes), detections, iou_type):
        rows.setdefault(overlaps.episode.category_id, _Row()).add(overlaps)
    searched = sorted(rows)
    shown = sorted({cat_id for row in rows.values() for cat_id in row.num_objects})
    return searched, shown, np.array([rows[cat_id].average_precisions(shown) for cat_id in searched])


def mean_confusion(
    matrices: Sequence[tuple[list[int], list[int], np.ndarray]],
) -> tuple[list[int], list[int], np.ndarray]:
    """Mean of confusion matrices of several runs, each row over the runs that searched for it."""
    searched, shown = (sorted({cat_id for matrix in matrices for cat_id in matrix[axis]}) for axis in range(2))
    sums, counts = np.zeros((len(searched), len(shown))), np.zeros((len(searched), 1))
    for rows, columns, matrix in matrices:
        places = [searched.index(cat_id) for cat_id in rows]
        sums[np.ix_(places, [shown.index(cat_id) for cat_id in columns])] += matrix
        counts[places] += 1
    return searched, shown, sums / counts


class _Row:
    """The detections for references of one category, judged as those of any other."""

    def __init__(self) -> None:
        self.scores: list[np.ndarray] = []
        self.length = 0
        self.correct: dict[int, list[np.ndarray]] = defaultdict(list)  # rows, by category
        self.ignored: dict[int, list[np.ndarray]] = defaultdict(list)
        self.num_objects: dict[int, int] = defaultdict(int)

    def add(self, overlaps: Overlaps) -> None:
        """Judge an episode as one of every category in its image."""
        for cat_id in np.unique(overlaps.cat_ids).tolist():
            found = overlaps.match(cat_id)
            ignored = overlaps.finds_ignored(found)
            self.correct[cat_id].append(self.length + np.flatnonzero((found >= 0) & ~ignored))
            self.ignored[cat_id].append(self.length + np.flatnonzero(ignored))
            self.num_objects[cat_id] += overlaps.num_objects(cat_id)
        self.scores.append(overlaps.scores)
        self.length += len(overlaps.scores)

    def average_precisions(self, cat_ids: Sequence[int]) -> list[float]:
        """AP50 as each of the categories."""
        scores = np.concatenate(self.scores)
        return [self._average_precision(scores, cat_id) if self.num_objects.get(cat_id) else 0.0 for cat_id in cat_ids]

    def _average_precision(self, scores: np.ndarray, cat_id: int) -> float:
        correct, counts = np.zeros(self.length, dtype=bool), np.ones(self.length, dtype=bool)
        correct[np.concatenate(self.correct[cat_id])] = True
        counts[np.concatenate(self.ignored[cat_id])] = False
        return average_precision(scores[counts], correct[counts], self.num_objects[cat_id])
