"""Masks of what was found, for label tools: each object has one."""

from collections.abc import Iterable

import numpy as np

from mmosis.structures import FoundObjects, RLEMasks


def with_masks(found: FoundObjects, img_shape: tuple[int, int]) -> FoundObjects:
    """Give objects that a model without masks has found in an image (H, W) those of their boxes."""
    if 'masks' in found:
        return found
    height, width = img_shape
    corners = np.vstack([np.floor(found.bboxes[:, :2].T), np.ceil(found.bboxes[:, 2:].T)]).T
    boxes = corners.clip(0, (width, height, width, height)).astype(int).tolist()
    parts = ((np.ones((y2 - y1, x2 - x1), bool), (x1, y1)) for x1, y1, x2, y2 in boxes)
    return found.with_columns(masks=RLEMasks.encode_parts(parts, img_shape))


def rows_under(masks: RLEMasks, points: Iterable[tuple[float, float]]) -> list[int]:
    """Rows of the masks that one of the points (x, y) lies on."""
    height, width = masks.img_shape
    pixels = [(int(np.floor(x)), int(np.floor(y))) for x, y in points]
    inside = [(x, y, x + 1, y + 1) for x, y in pixels if 0 <= x < width and 0 <= y < height]
    return [row for row in range(len(masks)) if any(masks.crop(row, pixel).any() for pixel in inside)]
