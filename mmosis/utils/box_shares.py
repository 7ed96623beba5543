"""Boxes as the published code counts them, shares of a frame; of arrays and of tensors alike.

Sides are the columns x1, y1, x2, y2 of boxes, (N,) each, so that neither library is needed; a window is one box.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Sides = tuple[Any, Any, Any, Any]


def to_shares(sides: Sequence[Any], shape: Sequence[Any]) -> Sides:
    """Turn pixels into shares: (box - [0, 0, 1, 1]) / ([w, h, w, h] - 1).

    Args:
        sides: In pixels of the frame.
        shape: (h, w) of the frame.

    Returns:
        tuple: Sides, 0 to 1 within the frame.
    """
    (x1, y1, x2, y2), (height, width) = sides, shape
    return x1 / (width - 1), y1 / (height - 1), (x2 - 1) / (width - 1), (y2 - 1) / (height - 1)


def from_shares(sides: Sequence[Any], shape: Sequence[Any]) -> Sides:
    """The inverse of :func:`to_shares`."""
    (x1, y1, x2, y2), (height, width) = sides, shape
    return x1 * (width - 1), y1 * (height - 1), x2 * (width - 1) + 1, y2 * (height - 1) + 1


def within_window(sides: Sequence[Any], window: Sequence[Any]) -> Sides:
    """Turn shares of a frame into shares of a window of it, itself in shares of the frame."""
    (x1, y1, x2, y2), (left, top, right, bottom) = sides, window
    width, height = right - left, bottom - top
    return (x1 - left) / width, (y1 - top) / height, (x2 - left) / width, (y2 - top) / height


def boxes_out_of_window(
    boxes: np.ndarray, frame_shape: tuple[int, int], window: Sequence[int], img_shape: tuple[int, int]
) -> np.ndarray:
    """Turn boxes in a frame into those of the image that a window of it shows, in whole pixels.

    Args:
        boxes: (N, 4) xyxy in pixels of the frame.
        frame_shape: (h, w) of the frame.
        window: The image in the frame, xyxy in pixels.
        img_shape: (h, w) of the image as it was before it was resized.

    Returns:
        np.ndarray: (N, 4) xyxy in pixels of the image, of the type of ``boxes``.
    """
    sides = to_shares(boxes.T, frame_shape)
    shares = within_window(sides, to_shares(np.asarray(window, boxes.dtype), frame_shape))
    return np.stack(from_shares(shares, img_shape), axis=1).round().astype(boxes.dtype)


def have_area(boxes: Any) -> Any:
    """Which boxes (N, 4) xyxy, of either library, have an area: (N,) bool."""
    return (boxes[:, 2:] > boxes[:, :2]).all(1)
