"""Images and boxes of the published code: resized by its rule, centred in a square, boxes as fractions of a frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from .reference_crop import crop_reference

# Columns x1, y1, x2, y2 of boxes, (N,) each, arrays or tensors, so that neither library is needed; a window is one box.
Sides = tuple[Any, Any, Any, Any]


@dataclass(frozen=True)
class PublishedFrame:
    """An image within a square of zeros.

    Attributes:
        scale: By which the image is enlarged.
        size: (h, w) of it then, in pixels.
        side: Of the square, in pixels.
    """

    scale: float
    size: tuple[int, int]
    side: int

    @classmethod
    def of(cls, img_shape: tuple[int, int], min_size: int, max_size: int) -> 'PublishedFrame':
        """Decide where an image goes: scale = max(1, min_size / shorter side), less where it would not fit.

        Args:
            img_shape: (h, w) of the image.
            min_size: Shorter side in pixels that is wanted.
            max_size: Longer side at most, and side of the square.
        """
        longer = max(img_shape)
        scale = max(1, min_size / min(img_shape))
        scale = max_size / longer if round(longer * scale) > max_size else scale
        height, width = (round(side * scale) for side in img_shape)
        return cls(scale, (height, width), max_size)

    @property
    def corner(self) -> tuple[int, int]:
        """(x, y) of the image's upper left pixel in the square."""
        height, width = self.size
        return (self.side - width) // 2, (self.side - height) // 2

    @property
    def window(self) -> tuple[int, int, int, int]:
        """The image within the square, xyxy in pixels."""
        (height, width), (x, y) = self.size, self.corner
        return x, y, x + width, y + height

    def image(self, img: np.ndarray, anti_aliasing: bool) -> np.ndarray:
        """Resize an image (H, W, 3) uint8 and put it in its place: (side, side, 3).

        Values are cut to whole ones, not rounded; an image of the right size stays as it is.
        """
        if img.shape[:2] != self.size:
            img = resize_bilinear(img, self.size, anti_aliasing).astype(np.uint8)
        return self._place(img)

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Do the same with a mask (H, W) uint8, of which each pixel is that of the nearest one: (side, side)."""
        return self._place(cv2.resize(mask, self.size[::-1], interpolation=cv2.INTER_NEAREST))

    def box(self, bbox: np.ndarray) -> np.ndarray:
        """Turn a box xyxy in pixels of the image into one in pixels of the square."""
        return np.asarray(bbox) * self.scale + self.corner * 2

    def _place(self, image: np.ndarray) -> np.ndarray:
        square = np.zeros((self.side, self.side, *image.shape[2:]), image.dtype)
        x1, y1, x2, y2 = self.window
        square[y1:y2, x1:x2] = image
        return square


def frame_reference(
    img: np.ndarray,
    bbox: np.ndarray,
    mask: np.ndarray | None,
    image_sizes: tuple[int, int],
    ref_sizes: tuple[int, int],
    anti_aliasing: bool,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Cut a reference out of its resized image, and resize it by the same rule; a complete image is resized once.

    Args:
        img: (H, W, 3) uint8.
        bbox: xyxy, float pixels of the image.
        mask: (H, W) uint8, or None.
        image_sizes: ``min_size`` and ``max_size`` of images, as :meth:`PublishedFrame.of` takes them.
        ref_sizes: The same of references.
        anti_aliasing: Whether to blur before shrinking: see :func:`resize_bilinear`.

    Returns:
        tuple: The reference in its square (side, side, 3), and its mask (side, side), or None.

    Raises:
        ValueError: If the box has no area in the image or reaches out of it.
    """
    crop, cut = crop_reference(img, bbox, mask)
    if crop.shape != img.shape:
        frame = PublishedFrame.of(img.shape[:2], *image_sizes)
        framed_mask = None if mask is None else frame.mask(mask)
        crop, cut = crop_reference(frame.image(img, anti_aliasing), frame.box(bbox), framed_mask)
    frame = PublishedFrame.of(crop.shape[:2], *ref_sizes)
    return frame.image(crop, anti_aliasing), None if cut is None else frame.mask(cut)


def resize_bilinear(image: np.ndarray, size: tuple[int, int], anti_aliasing: bool) -> np.ndarray:
    """Resize as ``skimage.transform.resize(order=1, mode='constant', preserve_range=True)``: the border blends with 0.

    Today's scikit-image blurs after the conversion to floating point, 0.16 before it; bytes differ by up to 2. Its
    coordinates come from a fit by singular values: a value that is whole but for rounding can be cut to another one.
    ``scipy.ndimage.zoom`` is not used: of a photograph enlarged to 1024 pixels it cuts hundreds so, this function tens.

    Args:
        image: (H, W) or (H, W, C).
        size: (h, w) to resize to.
        anti_aliasing: Whether to blur before shrinking, as scikit-image does since 0.15, not before.

    Returns:
        np.ndarray: (h, w) or (h, w, C), float64.
    """
    factors = np.divide(image.shape[:2], size)
    if anti_aliasing:
        from scipy.ndimage import gaussian_filter

        sigma = np.zeros(image.ndim)
        sigma[:2] = np.maximum(0, (factors - 1) / 2)
        image = gaussian_filter(image, sigma, mode='constant')
    ends = [(1, 1), (1, 1), (0, 0)][: image.ndim]
    padded = np.pad(image.astype(np.float64), ends)
    # Centres of the new pixels in the image with a border of 1.
    rows, columns = ((np.arange(new) + 0.5) * factor + 0.5 for new, factor in zip(size, factors, strict=True))
    return _interpolate(_interpolate(padded, columns, axis=1), rows, axis=0)


def fit_to_box(mask: np.ndarray, bbox: Sequence[int], anti_aliasing: bool) -> tuple[np.ndarray, int, int]:
    """Resize the mask of a box to it, as the published code does.

    Args:
        mask: (H, W).
        bbox: xyxy, whole pixels.
        anti_aliasing: As in :func:`resize_bilinear`.

    Returns:
        tuple: The mask (h, w), float64, and x and y of its upper left pixel; (0, 0) where the box has no area.
    """
    x1, y1, x2, y2 = bbox
    if x2 <= x1 or y2 <= y1:
        return np.zeros((0, 0)), 0, 0
    return resize_bilinear(mask, (y2 - y1, x2 - x1), anti_aliasing), x1, y1


def to_fractions(sides: Sequence[Any], shape: Sequence[Any]) -> Sides:
    """Turn pixels into fractions of the frame: (box - [0, 0, 1, 1]) / ([w, h, w, h] - 1).

    Args:
        sides: In pixels of the frame.
        shape: (h, w) of the frame.

    Returns:
        tuple: Sides, 0 to 1 within the frame.
    """
    (x1, y1, x2, y2), (height, width) = sides, shape
    return x1 / (width - 1), y1 / (height - 1), (x2 - 1) / (width - 1), (y2 - 1) / (height - 1)


def from_fractions(sides: Sequence[Any], shape: Sequence[Any]) -> Sides:
    """The inverse of :func:`to_fractions`."""
    (x1, y1, x2, y2), (height, width) = sides, shape
    return x1 * (width - 1), y1 * (height - 1), x2 * (width - 1) + 1, y2 * (height - 1) + 1


def within_window(sides: Sequence[Any], window: Sequence[Any]) -> Sides:
    """Turn fractions of a frame into fractions of a window of it, itself in fractions of the frame."""
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
    sides = to_fractions(boxes.T, frame_shape)
    fractions = within_window(sides, to_fractions(np.asarray(window, boxes.dtype), frame_shape))
    return np.stack(from_fractions(fractions, img_shape), axis=1).round().astype(boxes.dtype)


def have_area(boxes: Any) -> Any:
    """Which boxes (N, 4) xyxy, of either library, have an area: (N,) bool."""
    return (boxes[:, 2:] > boxes[:, :2]).all(1)


def _interpolate(image: np.ndarray, positions: np.ndarray, axis: int) -> np.ndarray:
    before = np.floor(positions).astype(int)
    fraction = (positions - before).reshape([-1 if i == axis else 1 for i in range(image.ndim)])
    after = np.ceil(positions).astype(int)
    return (1 - fraction) * image.take(before, axis) + fraction * image.take(after, axis)
