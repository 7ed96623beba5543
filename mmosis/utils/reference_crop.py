"""The image of a reference: cut out of its image, and brought to the size that the network takes."""

import cv2
import numpy as np

from .image import crop_box


def crop_reference(
    img: np.ndarray, bbox: np.ndarray, mask: np.ndarray | None, margin: float = 0.0, mark_box: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Cut a reference and its mask out by its box.

    Args:
        img: (H, W, 3).
        bbox: xyxy, float pixels of the image.
        mask: (H, W) uint8, 0 or 255, or None.
        margin: Context to keep on each side, as a fraction of the box's size.
        mark_box: Whether a reference without a mask gets its box for one.

    Returns:
        tuple: The crop (h, w, 3), a view, and its mask (h, w), or None.

    Raises:
        ValueError: If the box has no area in the image or reaches out of it.
    """
    if mark_box and mask is None:
        mask = np.zeros(img.shape[:2], np.uint8)
        crop_box(mask, bbox)[:] = 255
    return crop_box(img, bbox, margin), None if mask is None else crop_box(mask, bbox, margin)


def fit_square(image: np.ndarray, size: int, keep_ratio: bool, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Resize so that the longer side is ``size``, and pad around with 0 to a square.

    Args:
        image: (h, w, 3) or (h, w), uint8.
        size: Pixels.
        keep_ratio: Whether it keeps its shape; else it is stretched to the square.
        interpolation: OpenCV's.
    """
    height, width = _fitting_shape(image, size) if keep_ratio else (size, size)
    resized = _resize(image, (height, width), interpolation)
    top, left = (size - height) // 2, (size - width) // 2
    ends = (top, size - height - top, left, size - width - left)
    return cv2.copyMakeBorder(resized, *ends, cv2.BORDER_CONSTANT)


def fit_mask(mask: np.ndarray, size: int, keep_ratio: bool) -> np.ndarray:
    """The same for a mask: by area every pixel counts; thin objects fall through bilinear sampling."""
    return fit_square(mask, size, keep_ratio, cv2.INTER_AREA)


def shrink(image: np.ndarray, max_size: int) -> np.ndarray:
    """Reduce an image (h, w, 3) or (h, w), by area, to a longer side of ``max_size``; a smaller one stays as it is."""
    return _resize(image, _fitting_shape(image, min(max(image.shape[:2]), max_size)), cv2.INTER_AREA)


def _fitting_shape(image: np.ndarray, size: int) -> tuple[int, int]:
    """Compute the shape (h, w) of an image whose longer side becomes ``size``."""
    height, width = (max(1, round(side * (size / max(image.shape[:2])))) for side in image.shape[:2])
    return height, width


def _resize(image: np.ndarray, shape: tuple[int, int], interpolation: int) -> np.ndarray:
    if image.shape[:2] == shape:
        return image
    return cv2.resize(np.ascontiguousarray(image), shape[::-1], interpolation=interpolation)
