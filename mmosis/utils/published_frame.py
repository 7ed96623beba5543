"""Where the published code puts a picture: resized by its rule, in the middle of a square."""

from dataclasses import dataclass

import cv2
import numpy as np

from .reference_picture import crop_reference
from .resize import resize_bilinear


@dataclass(frozen=True)
class PublishedFrame:
    """A picture within a square of zeros.

    Attributes:
        scale: By which the picture is enlarged.
        size: (h, w) of it then, in pixels.
        side: Of the square, in pixels.
    """

    scale: float
    size: tuple[int, int]
    side: int

    @classmethod
    def of(cls, img_shape: tuple[int, int], min_size: int, max_size: int) -> 'PublishedFrame':
        """Settle where a picture goes: scale = max(1, min_size / shorter side), less where it would not fit.

        Args:
            img_shape: (h, w) of the picture.
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
        """(x, y) of the picture's upper left pixel in the square."""
        height, width = self.size
        return (self.side - width) // 2, (self.side - height) // 2

    @property
    def window(self) -> tuple[int, int, int, int]:
        """The picture within the square, xyxy in pixels."""
        (height, width), (x, y) = self.size, self.corner
        return x, y, x + width, y + height

    def picture(self, img: np.ndarray, anti_aliasing: bool) -> np.ndarray:
        """Resize a picture (H, W, 3) uint8 and put it in its place: (side, side, 3).

        Values are cut to whole ones, not rounded; a picture of the right size stays as it is.
        """
        if img.shape[:2] != self.size:
            img = resize_bilinear(img, self.size, anti_aliasing).astype(np.uint8)
        return self._place(img)

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Do the same with a mask (H, W) uint8, of which each pixel is that of the nearest one: (side, side)."""
        return self._place(cv2.resize(mask, self.size[::-1], interpolation=cv2.INTER_NEAREST))

    def box(self, bbox: np.ndarray) -> np.ndarray:
        """Turn a box xyxy in pixels of the picture into one in pixels of the square."""
        return np.asarray(bbox) * self.scale + self.corner * 2

    def _place(self, picture: np.ndarray) -> np.ndarray:
        square = np.zeros((self.side, self.side, *picture.shape[2:]), picture.dtype)
        x1, y1, x2, y2 = self.window
        square[y1:y2, x1:x2] = picture
        return square


def frame_reference(
    img: np.ndarray,
    bbox: np.ndarray,
    mask: np.ndarray | None,
    image_sizes: tuple[int, int],
    ref_sizes: tuple[int, int],
    anti_aliasing: bool,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Cut a reference out of its resized image, and resize it by the same rule; a whole picture is resized once.

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
        crop, cut = crop_reference(frame.picture(img, anti_aliasing), frame.box(bbox), framed_mask)
    frame = PublishedFrame.of(crop.shape[:2], *ref_sizes)
    return frame.picture(crop, anti_aliasing), None if cut is None else frame.mask(cut)
