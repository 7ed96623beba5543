"""Greedy suppression, beside torchvision's."""

import numpy as np
import pytest
import torch
from torchvision.ops import box_iou as expected_iou
from torchvision.ops import nms

from mmosis.search.nms import box_iou, overlapping_pairs, suppressed


def draw(num: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 300, (num, 2))
    return np.concatenate([corners, corners + rng.uniform(0, 90, (num, 2))], axis=1).astype(np.float32)


def test_overlaps_are_torchvisions() -> None:
    first, second = draw(40), draw(30, 1)
    expected = expected_iou(torch.from_numpy(first), torch.from_numpy(second)).numpy()
    np.testing.assert_array_equal(box_iou(first, second), expected)


def test_boxes_without_an_area_overlap_nothing() -> None:
    point = np.zeros((1, 4), np.float32)
    assert not (box_iou(point, point) > 0).any()
    assert overlapping_pairs(np.repeat(point, 3, 0), 0) == []
    assert overlapping_pairs(point[:0], 0) == []


@pytest.mark.parametrize('num', [1, 50, 700])  # more than are compared at once, too
@pytest.mark.parametrize('iou_thr', [0.0, 0.3, 0.7])
def test_what_stays_is_torchvisions(num: int, iou_thr: float) -> None:
    boxes = draw(num, num)
    lost = suppressed(overlapping_pairs(boxes, iou_thr))
    kept = nms(torch.from_numpy(boxes), torch.arange(num, 0, -1.0), iou_thr)
    assert sorted(set(range(num)) - lost) == sorted(kept.tolist())
