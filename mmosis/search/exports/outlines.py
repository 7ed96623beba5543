"""Outlines of masks as COCO polygons: traced along the edges of pixels, and simplified."""

from collections.abc import Mapping, Sequence
from numbers import Real

import cv2
import numpy as np

from mmosis.structures import RLEMasks
from mmosis.utils.masks import encode_segmentation, mask_box


def simplify(mask: np.ndarray | Mapping | list[list[float]], tolerance: float = 0.0) -> list[list[float]]:
    """Trace a mask by polygons, and drop points of them (Douglas-Peucker).

    Holes are filled. A polygon that a tolerance would leave without an area is simplified less.

    Args:
        mask: (H, W), not 0 on the object; RLE, compressed; or polygons.
        tolerance: Pixels by which the outline may move at most; 0 leaves all points.

    Returns:
        list: For each part of the object [x, y, x, y, ...], three points or more; none for an empty mask.
    """
    polygons = mask if isinstance(mask, list) else _trace(*_cut_out(mask))
    return [_drop_points(polygon, tolerance) for polygon in polygons] if tolerance else polygons


def _cut_out(mask: np.ndarray | Mapping) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a mask out of its image: (h, w) bool, and (x, y) of its upper left pixel."""
    if isinstance(mask, np.ndarray):
        x1, y1, x2, y2 = mask_box(mask)
        return mask[y1:y2, x1:x2] != 0, (x1, y1)
    return RLEMasks([encode_segmentation(mask, mask['size'])], mask['size']).cut(0)


def _trace(mask: np.ndarray, corner: tuple[int, int]) -> list[list[float]]:
    if not mask.size:
        return []
    # OpenCV traces the centres of pixels: doubled, they give both edges of a pixel.
    doubled = mask.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [((contour.reshape(-1, 2) + 1) // 2 + corner).astype(float).ravel().tolist() for contour in contours]


def _drop_points(polygon: list[float], tolerance: float) -> list[float]:
    points = np.array(polygon, np.float32).reshape(-1, 1, 2)
    for halved in range(5):
        kept = cv2.approxPolyDP(points, tolerance / 2**halved, closed=True)
        if len(kept) >= 3 and cv2.contourArea(kept):
            return kept.astype(float).ravel().tolist()
    return polygon


def as_tolerance(polygons: bool | float | None) -> float | None:
    """Read whether masks become polygons, and how they are simplified.

    Args:
        polygons: A tolerance in pixels; 0 or True for every point; None or False for RLE.

    Returns:
        float | None: The tolerance; None for RLE.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is negative or infinite.
    """
    if polygons is None or isinstance(polygons, bool):
        return 0.0 if polygons else None
    if not isinstance(polygons, Real):
        raise TypeError(f'the tolerance of polygons must be a number of pixels, got {polygons!r}')
    if not 0 <= polygons < float('inf'):
        raise ValueError(f'the tolerance of polygons must be 0 pixels or more, got {polygons:g}')
    return float(polygons)


def box_corners(bbox: Sequence[float]) -> list[float]:
    """Turn a box xywh into a polygon."""
    x, y, width, height = bbox
    return [x, y, x + width, y, x + width, y + height, x, y + height]
