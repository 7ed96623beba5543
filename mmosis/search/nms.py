"""Greedy NMS: among many boxes, without a matrix of all of them, and between the categories of an image."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from mmosis.structures import FoundObjects

CHUNK = 256  # boxes that are compared with their neighbours at once


def overlapping_pairs(bboxes: np.ndarray, min_iou: float) -> list[tuple[int, int]]:
    """Pairs of boxes with a higher IoU.

    Sorted by their left side, boxes meet only those that start before they end. So no matrix of all boxes is needed: a
    large image can have tens of thousands.

    Args:
        bboxes: (N, 4) xyxy.
        min_iou: 0-1.
    """
    order = np.argsort(bboxes[:, 0], kind='stable')
    boxes = bboxes[order]
    pairs = []
    for start in range(0, len(boxes), CHUNK):
        rows = boxes[start : start + CHUNK]
        end = int(np.searchsorted(boxes[:, 0], rows[:, 2].max()))
        close = np.triu(box_iou(rows, boxes[start:end]) > min_iou, k=1)
        first, second = np.nonzero(close)
        pairs += zip(order[start + first].tolist(), order[start + second].tolist(), strict=True)
    return pairs


def suppressed(pairs: Iterable[tuple[int, int]]) -> set[int]:
    """Positions that greedy NMS suppresses, where the first of the list wins against all that it overlaps.

    Args:
        pairs: Of positions in a list by falling score.
    """
    weaker = defaultdict(list)
    for pair in pairs:
        weaker[min(pair)].append(max(pair))
    lost: set[int] = set()
    for better in sorted(weaker):
        if better not in lost:
            lost.update(weaker[better])
    return lost


def box_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU of boxes (N, 4) and (M, 4), xyxy: (N, M)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, second)]
    with np.errstate(invalid='ignore', divide='ignore'):  # two boxes without an area overlap by nothing
        return common / (areas[0][:, None] + areas[1] - common)


def cross_category_nms(found: FoundObjects, num_wanted: int, iou_thr: float) -> FoundObjects:
    """Keep one detection of each region: that of the category which matches it best.

    Greedy NMS between the boxes of different categories. What a negative category wins is dropped: "like this, not like
    that". Detections of one category do not suppress each other: the detector's own NMS has done that, on boxes that
    may have been more precise.

    The paper asks for one category at a time (and names the missing decision among several as a weakness, section 7).

    Args:
        found: Detections of one image with ``bboxes``, ``scores`` and ``labels``.
        num_wanted: Labels below it are wanted, the others negative.
        iou_thr: Boxes that overlap by more than this are of one region.

    Returns:
        FoundObjects: What is left of the wanted categories, the best first.
    """
    found = best_first(found)
    labels = found.labels.tolist()
    pairs = ((i, j) for i, j in overlapping_pairs(found.bboxes, iou_thr) if labels[i] != labels[j])
    lost = suppressed(pairs)
    found = found[np.array([i not in lost for i in range(len(found))], bool)]
    return found[found.labels < num_wanted]


def keep_wanted(found: FoundObjects, num_wanted: int) -> FoundObjects:
    """Drop what negative categories found; sort by score, the best first."""
    return best_first(found[found.labels < num_wanted])


def best_first(found: FoundObjects) -> FoundObjects:
    """Sort by falling score; equal ones stay in their order."""
    return found[np.argsort(-found.scores, kind='stable')]
