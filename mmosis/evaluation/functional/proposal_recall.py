"""Average recall of proposals, as COCO defines it, by the size of the objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np
from faster_coco_eval import COCO as FastCOCO
from faster_coco_eval import COCOeval_faster

NUMBERS = (100, 300, 1000)
SIZES = (24, 48, 96)  # pixels
ALL = 'all'
_LARGEST = 1e10  # area, px


@dataclass(frozen=True)
class SizeRecall:
    """Recall of the objects of a size.

    Attributes:
        size: 'all', 'below 24', '24 to 48', ... 'from 96': root of the box's area, pixels of the image.
        num_objects: So many.
        recall_50: Share of them that the best 100, 300 and 1000 proposals of an image find at IoU 0.5, 0-1; nan without
            objects.
        average: The same, mean over the IoUs 0.5, 0.55 ... 0.95: COCO's average recall.
    """

    size: str
    num_objects: int
    recall_50: tuple[float, ...]
    average: tuple[float, ...]


def proposal_recall(
    objects: Sequence[np.ndarray],
    proposals: Sequence[tuple[np.ndarray, np.ndarray]],
    numbers: Sequence[int] = NUMBERS,
    sizes: Sequence[float] = SIZES,
) -> list[SizeRecall]:
    """Tell how many objects proposals find (average recall: Hosang et al., arXiv 1502.05082; COCO's evaluation).

    Args:
        objects: For each search the boxes to be found, (G, 4) xyxy, float pixels of the image.
        proposals: For each search its proposals: boxes (P, 4) alike, and scores (P,), 0-1.
        numbers: So many of each search count, the best; ascending.
        sizes: Bounds between sizes, ascending.

    Returns:
        list: Of all objects, then size by size; over all searches.

    Raises:
        ValueError: If there is no object, or not one set of proposals for each of objects.
    """
    if len(objects) != len(proposals):
        raise ValueError(f'each search has objects and proposals, got {len(objects)} and {len(proposals)} of them')
    if not sum(map(len, objects)):
        raise ValueError('there is no object that proposals could find')
    evaluation = COCOeval_faster(_index(objects), _index(*zip(*proposals, strict=True)), 'bbox')
    bounds = [0, *sizes, inf]
    ranges = [(0, inf), *pairwise(bounds)]
    evaluation.params.maxDets = list(numbers)
    evaluation.params.areaRng = [_area_range(*each) for each in ranges]
    evaluation.params.areaRngLbl = names = [ALL, *(_name(*each) for each in ranges[1:])]
    evaluation.evaluate()
    evaluation.accumulate()
    recall = np.where(evaluation.eval['recall'] < 0, np.nan, evaluation.eval['recall'])[:, 0]  # (IoU, size, number)
    areas = np.concatenate([_areas(boxes) for boxes in objects])
    counts = [int(((areas >= low) & (areas <= high)).sum()) for low, high in evaluation.params.areaRng]
    return [
        SizeRecall(name, count, tuple(recall[0, row].tolist()), tuple(recall[:, row].mean(axis=0).tolist()))
        for row, (name, count) in enumerate(zip(names, counts, strict=True))
    ]


def _area_range(low: float, high: float) -> list[float]:
    """Areas of sizes from ``low`` up to, but not including, ``high``; COCO's ranges include both ends."""
    return [low**2, _LARGEST if high == inf else float(np.nextafter(high**2, 0))]


def _name(low: float, high: float) -> str:
    if not low:
        return f'below {high:g}'
    return f'from {low:g}' if high == inf else f'{low:g} to {high:g}'


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _index(boxes: Sequence[np.ndarray], scores: Sequence[np.ndarray] | None = None) -> FastCOCO:
    """Make COCO annotations of boxes, each search an image; with scores they are detections."""
    numbers = np.repeat(np.arange(1, len(boxes) + 1), [len(each) for each in boxes]).tolist()
    corners = np.concatenate(boxes)
    sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).tolist()
    rows = zip(numbers, sides, _areas(corners).tolist(), strict=True)
    annotations = [
        dict(id=i, image_id=number, category_id=1, bbox=bbox, area=area, iscrowd=0)
        for i, (number, bbox, area) in enumerate(rows, 1)
    ]
    if scores is not None:
        for annotation, score in zip(annotations, np.concatenate(scores).tolist(), strict=True):
            annotation['score'] = score
    images = [dict(id=number) for number in range(1, len(boxes) + 1)]
    return FastCOCO(dict(images=images, annotations=annotations, categories=[dict(id=1, name='')]))
