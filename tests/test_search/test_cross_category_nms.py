"""Which category wins a region: known answers."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from mmosis.search.nms import cross_category_nms, keep_wanted
from mmosis.structures import FoundObjects, RLEMasks

HERE, NEAR, THERE = (0, 0, 10, 10), (0, 0, 10, 8), (20, 0, 30, 10)  # IoU of the first two: 0.8


def found(*rows: tuple[tuple, float, int]) -> FoundObjects:
    """Detections with box, score and label; the mask of number i is pixel i."""
    boxes, scores, labels = zip(*rows, strict=True)
    masks = RLEMasks.encode(np.eye(len(rows), dtype=bool)[:, None])
    return FoundObjects(
        bboxes=np.array(boxes, np.float32), scores=np.array(scores, np.float32), labels=np.array(labels), masks=masks
    )


def numbers(instances: FoundObjects) -> list[int]:
    """Which of the detections are left: masks follow the boxes."""
    return instances.masks.numpy()[:, 0].argmax(1).tolist()


@pytest.mark.parametrize(
    ('rows', 'iou_thr', 'left'),
    [
        ([(HERE, 0.7, 0), (HERE, 0.9, 1)], 0.5, [1]),
        ([(HERE, 0.7, 0), (THERE, 0.9, 1)], 0.5, [1, 0]),
        ([(HERE, 0.7, 0), (NEAR, 0.9, 1)], 0.7, [1]),
        ([(HERE, 0.7, 0), (NEAR, 0.9, 1)], 0.85, [1, 0]),
        # 2 is negative: what it wins goes with it, what it loses stays.
        ([(HERE, 0.7, 0), (HERE, 0.9, 2)], 0.5, []),
        ([(HERE, 0.9, 0), (HERE, 0.7, 2)], 0.5, [0]),
        ([(HERE, 0.7, 0), (HERE, 0.9, 2), (THERE, 0.6, 1), (THERE, 0.5, 2)], 0.5, [2]),
        ([(HERE, 0.9, 2), (THERE, 0.9, 3)], 0.5, []),
        # Of several the best first; of equal ones the one that came first.
        ([(HERE, 0.5, 1), (THERE, 0.6, 0), ((40, 0, 50, 9), 0.9, 0)], 0.5, [2, 1, 0]),
        ([(HERE, 0.5, 1), (THERE, 0.5, 0), ((40, 0, 50, 9), 0.5, 1)], 0.5, [0, 1, 2]),
        ([(HERE, 0.5, 0), (HERE, 0.5, 1)], 0.5, [0]),
        ([(HERE, 0.5, 1), (HERE, 0.5, 0)], 0.5, [0]),
        # Those of one category do not suppress each other.
        ([(HERE, 0.5, 1), (HERE, 0.6, 1)], 0.5, [1, 0]),
        # A detection that lost takes no other with it.
        ([((0, 0, 10, 10), 0.9, 0), ((4, 0, 14, 10), 0.8, 2), ((8, 0, 18, 10), 0.7, 1)], 0.4, [0, 2]),
    ],
)
def test_winners(rows: list, iou_thr: float, left: list[int]) -> None:
    instances = found(*rows)
    winners = cross_category_nms(instances, num_wanted=2, iou_thr=iou_thr)
    assert numbers(winners) == left
    assert winners.labels.tolist() == [rows[i][2] for i in left]
    assert winners.scores.tolist() == pytest.approx([rows[i][1] for i in left])
    assert len(instances) == len(rows)


@pytest.mark.parametrize(
    ('labels', 'scores', 'left'),
    [((0, 1, 2), (0.5, 0.6, 0.7), [1, 0]), ((2, 3, 2), (0.5, 0.6, 0.7), []), ((1, 0, 1), (0.5, 0.5, 0.5), [0, 1, 2])],
)
def test_without_it_overlapping_ones_stay(labels: Sequence[int], scores: Sequence[float], left: list[int]) -> None:
    rows = [(HERE, score, label) for score, label in zip(scores, labels, strict=True)]
    assert numbers(keep_wanted(found(*rows), num_wanted=2)) == left


@pytest.mark.parametrize('settle', [lambda none: cross_category_nms(none, 2, 0.5), lambda none: keep_wanted(none, 2)])
def test_nothing_found(settle: Callable) -> None:
    none = found((HERE, 0.5, 0))[np.zeros(1, bool)]
    left = settle(none)
    assert len(left) == 0
    assert left.bboxes.shape == (0, 4)
    assert left.masks.numpy().shape == (0, 1, 1)
