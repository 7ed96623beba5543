"""Strokes: one drawing, or a piece of it, drawn again in another pose and with another pen."""

from math import ceil

import cv2
import numpy as np

from mmosis.utils.fraction_of import fraction_of

from .characters import decode_drawing
from .planning import Planned

_SUPERSAMPLING = 4


def draw_strokes(planned: Planned, min_stroke: float) -> np.ndarray:
    """Draw strokes anti-aliased.

    Args:
        planned: What to draw.
        min_stroke: Least width of a stroke in pixels of the image.

    Returns:
        (h, w) float32, the fraction of each pixel that is covered.
    """
    ink = np.pad(decode_drawing(planned.drawing), 1)  # so the border of the drawing ends a stroke
    scale = planned.size / (np.ptp(_points(ink) @ planned.pose.T, axis=0) + 1).max()
    grow = _pen_growth(ink, planned.stroke, min_stroke / scale)
    margin = int(np.ceil(max(grow, 0))) + 1
    distance = _signed_distance(np.pad(cut_piece(ink, planned.fraction, planned.centre), margin))
    return _warp(distance, grow, scale * planned.pose)


def cut_piece(ink: np.ndarray, fraction: float, centre: float) -> np.ndarray:
    """Cut a round piece out of a drawing.

    Args:
        ink: (H, W) bool.
        fraction: Fraction of the ink to keep.
        centre: Which point of the ink it is around, 0 to 1 in reading order.

    Returns:
        (H, W) bool.
    """
    points = np.argwhere(ink)
    distances = np.linalg.norm(points - points[int(centre * len(points))], axis=1)
    kept = points[np.argsort(distances, kind='stable')[: ceil(fraction_of(fraction, len(points)))]]
    piece = np.zeros_like(ink)
    piece[tuple(kept.T)] = True
    return piece


def _points(ink: np.ndarray) -> np.ndarray:
    """Return the inked pixels, (N, 2) xy."""
    return np.argwhere(ink)[:, ::-1]


def _signed_distance(ink: np.ndarray) -> np.ndarray:
    """Return the distance of each pixel's centre from the border of the ink, negative inside."""
    outside, inside = (cv2.distanceTransform(np.uint8(a), cv2.DIST_L2, cv2.DIST_MASK_5) for a in (~ink, ink))
    return np.where(ink, 0.5 - inside, outside - 0.5).astype(np.float32)


def _pen_growth(ink: np.ndarray, factor: float, min_width: float) -> float:
    """By how much a border moves outwards for a stroke ``factor`` times as wide, or ``min_width`` at least."""
    # In a straight stroke distances from the border are spread evenly between 0 and half its width.
    half_width = -2 * _signed_distance(ink)[ink].mean()
    return float(max(factor * half_width, min_width / 2) - half_width)


def _warp(distance: np.ndarray, grow: float, matrix: np.ndarray) -> np.ndarray:
    """Map the pixels nearer than ``grow`` by a matrix, into a patch that just holds them; returns the coverage."""
    mapped = _points(distance <= max(grow, 0)) @ matrix.T
    low = mapped.min(0) - 1
    width, height = (int(length) for length in np.ceil(mapped.max(0) - low) + 2)
    # Pixel p of the patch covers the fine pixels 4 p to 4 p + 3; their middle is 4 p + 1.5.
    offset = (_SUPERSAMPLING - 1) / 2 - _SUPERSAMPLING * low
    fine = cv2.warpAffine(
        distance,
        np.column_stack([_SUPERSAMPLING * matrix, offset]),
        (_SUPERSAMPLING * width, _SUPERSAMPLING * height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float(distance.max()),
    )
    covered = np.where(fine <= grow, np.uint8(255), np.uint8(0))
    return cv2.resize(covered, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
