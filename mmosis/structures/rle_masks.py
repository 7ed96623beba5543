"""Instance masks kept run-length encoded."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pycocotools import mask as mask_utils

from mmosis.utils.coco_outlines import decode_counts

from .run_lengths import encode_array, encode_part, encode_tensor

if TYPE_CHECKING:
    from torch import Tensor


class RLEMasks(Sequence):
    """A sequence of COCO RLE dicts that stands where mmdet has an (N, H, W) mask tensor.

    A test image has hundreds of masks an episode and many episodes, so full masks would fill the memory. As a sequence
    it is what mmdet's ``CocoMetric`` reads; ``.cpu().numpy()`` decodes it for everybody who expects a tensor
    (``supervision.Detections.from_mmdetection``, and mmdet's dump, which would turn a list into a plain one).

    Args:
        rles: N dicts with ``size`` (h, w) and ``counts``.
        img_shape: (h, w) of the masks, original image; it shapes the array when N is 0.
    """

    def __init__(self, rles: Iterable[dict], img_shape: tuple[int, int]) -> None:
        self.rles = list(rles)
        self.img_shape = tuple(img_shape)

    @classmethod
    def encode(cls, masks: 'np.ndarray | Tensor') -> 'RLEMasks':
        """Encode boolean masks (N, H, W), an array or a tensor; one on a GPU is encoded there."""
        on_cpu = isinstance(masks, np.ndarray) or masks.device.type == 'cpu'
        return cls(encode_array(np.asarray(masks)) if on_cpu else encode_tensor(masks), masks.shape[1:])

    @classmethod
    def encode_parts(
        cls, parts: Iterable[tuple[np.ndarray, tuple[int, int]]], img_shape: tuple[int, int]
    ) -> 'RLEMasks':
        """Encode masks of which only a part of the image is given, around which there is nothing.

        Args:
            parts: For each mask (h, w) bool, and (x, y) of its upper left pixel in the image.
            img_shape: (H, W) of the image.
        """
        return cls([encode_part(part, corner, img_shape) for part, corner in parts], img_shape)

    @staticmethod
    def cat(parts: Sequence['RLEMasks']) -> 'RLEMasks':
        """Join masks of one image; MMEngine's ``InstanceData`` calls it."""
        return RLEMasks([rle for part in parts for rle in part], parts[0].img_shape)

    def crop(self, index: int, box: tuple[int, int, int, int]) -> np.ndarray:
        """Decode a part of a mask; what lies beside it costs nothing, however large the image.

        Args:
            index: Which mask.
            box: xyxy, whole pixels inside the image.

        Returns:
            np.ndarray: (y2 - y1, x2 - x1) bool.
        """
        x1, y1, x2, y2 = box
        height = self.img_shape[0]
        ends = np.cumsum(decode_counts(self.rles[index]['counts'])).clip(x1 * height, x2 * height)
        lengths = np.diff(ends, prepend=x1 * height)
        columns = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
        return columns.reshape(x2 - x1, height).T[y1:y2]

    def cut(self, index: int) -> tuple[np.ndarray, tuple[int, int]]:
        """Decode the part of the image that a mask covers.

        Returns:
            tuple: (h, w) bool, 0 x 0 if the mask is empty; and (x, y) of its upper left pixel in the image.
        """
        x, y, width, height = np.round(mask_utils.toBbox(self.rles[index])).astype(int).tolist()
        return self.crop(index, (x, y, x + width, y + height)), (x, y)

    def __len__(self) -> int:
        return len(self.rles)

    def __getitem__(self, index: int | slice | np.ndarray) -> 'dict | RLEMasks':
        """Read a mask, or select some by slice, positions or a boolean mask."""
        if isinstance(index, slice):
            return RLEMasks(self.rles[index], self.img_shape)
        if isinstance(index, np.ndarray):
            chosen = np.flatnonzero(index) if index.dtype == bool else index
            return RLEMasks([self.rles[i] for i in chosen.tolist()], self.img_shape)
        return self.rles[index]

    def cpu(self) -> 'RLEMasks':
        """Return itself: encoded masks live on the CPU."""
        return self

    def numpy(self) -> np.ndarray:
        """Decode to a boolean array (N, H, W)."""
        if not self:
            return np.zeros((0, *self.img_shape), dtype=bool)
        return mask_utils.decode(self.rles).transpose(2, 0, 1).astype(bool)

    def paste(self, corner: tuple[int, int], img_shape: tuple[int, int]) -> 'RLEMasks':
        """Move the masks of a tile into the image that the tile was cut from.

        No mask is decoded at the size of the image, so time and memory follow the tile.

        Args:
            corner: (x, y) of the tile's upper left pixel in the image.
            img_shape: (h, w) of the image: the tile lies inside, and fewer than 2**32 pixels, which is what RLE counts.

        Returns:
            RLEMasks: The N masks at the size of the image.

        Raises:
            ValueError: If the tile reaches out of the image or the image is too large.
        """
        (x, y), (h, w), (height, width) = corner, self.img_shape, img_shape
        if height * width >= 2**32:
            raise ValueError(f'an image must have fewer than 2**32 pixels, got {height}x{width} (h x w)')
        if not (0 <= x <= width - w and 0 <= y <= height - h):
            raise ValueError(
                f'a tile must lie inside the {height}x{width} (h x w) image, got one of {h}x{w} at x {x}, y {y}'
            )
        return RLEMasks([_paste_rle(rle, corner, img_shape) for rle in self], img_shape)


def _paste_rle(rle: dict, corner: tuple[int, int], img_shape: tuple[int, int]) -> dict:
    left, _, columns, _ = mask_utils.toBbox(rle).astype(int)
    mask = mask_utils.decode(rle)[:, left : left + columns]
    return encode_part(mask, (corner[0] + left, corner[1]), img_shape)
