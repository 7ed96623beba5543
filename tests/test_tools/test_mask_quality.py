"""Which detection belongs to which object; the tool is run on a trained model in test_tools."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmosis.structures import RLEMasks
from tools.analysis_tools.mask_quality import _found_overlaps

SIZE = (40, 60)


def rectangle(x: int, y: int, width: int, height: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[y : y + height, x : x + width] = True
    return mask


def detect(*boxes: tuple[int, int, int, int], masks: list[tuple[int, int, int, int]]) -> InstanceData:
    """Detections with boxes xywh, and rectangles as masks."""
    corners = torch.tensor([[x, y, x + width, y + height] for x, y, width, height in boxes], dtype=torch.float32)
    return InstanceData(bboxes=corners, masks=RLEMasks.encode(np.stack([rectangle(*mask) for mask in masks])))


def test_an_object_gets_the_mask_of_the_detection_that_overlaps_it_most() -> None:
    truth = [(30, 0, 10, 10), (0, 20, 10, 10), (40, 30, 10, 10)]
    true_masks = [mask_utils.encode(np.asfortranarray(rectangle(*box), np.uint8)) for box in truth]
    # The second object has two detections, the third one that is too far off.
    boxes = [(0, 20, 10, 8), (0, 20, 10, 10), (30, 0, 10, 10), (48, 30, 10, 10)]
    found = detect(*boxes, masks=[(0, 20, 10, 10), (0, 20, 10, 5), (30, 0, 10, 4), (40, 30, 10, 10)])
    ious, boundary_ious = _found_overlaps(found, truth, true_masks, iou_thr=0.5)
    assert ious == pytest.approx([0.4, 0.5])
    assert boundary_ious == pytest.approx([16 / 44, 18 / 44])  # rings of a pixel, 36 true and 24 or 26 found


def test_without_detections_nothing_is_found() -> None:
    found = InstanceData(bboxes=torch.zeros(0, 4), masks=RLEMasks([], SIZE))
    assert [len(column) for column in _found_overlaps(found, [(0, 0, 5, 5)], [], iou_thr=0.5)] == [0, 0]
