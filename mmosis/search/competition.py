"""Which category a region is of, when several find it."""

import numpy as np

from mmosis.structures import FoundObjects

from .suppression import overlapping_pairs, suppressed


def compete(found: FoundObjects, num_wanted: int, iou_thr: float) -> FoundObjects:
    """Leave one winner for each region: the category that matches it best.

    Greedy NMS between the boxes of different categories. What a negative category wins goes with it: "like this, not
    like that". Detections of one category do not compete: the detector has settled which of them are one object, by
    boxes that may have been more precise.

    The paper asks for one category at a time (and names the missing decision among several as a weakness, section 7).

    Args:
        found: Detections of one image with ``bboxes``, ``scores`` and ``labels``.
        num_wanted: Labels below it are wanted, the others negative.
        iou_thr: Boxes that overlap by more than this are of one region.

    Returns:
        FoundObjects: The winners of the wanted categories, the best first.
    """
    found = best_first(found)
    labels = found.labels.tolist()
    pairs = ((i, j) for i, j in overlapping_pairs(found.bboxes, iou_thr) if labels[i] != labels[j])
    lost = suppressed(pairs)
    found = found[np.array([i not in lost for i in range(len(found))], bool)]
    return found[found.labels < num_wanted]


def keep_wanted(found: FoundObjects, num_wanted: int) -> FoundObjects:
    """Leave out what negative categories found; sort by score, the best first."""
    return best_first(found[found.labels < num_wanted])


def best_first(found: FoundObjects) -> FoundObjects:
    """Sort by falling score; equal ones stay in their order."""
    return found[np.argsort(-found.scores, kind='stable')]
