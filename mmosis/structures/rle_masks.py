"""Instance masks kept run-length encoded."""

from collections.abc import Iterable, Sequence

import numpy as np
from pycocotools import mask as mask_utils


class RLEMasks(Sequence):
    """A sequence of COCO RLE dicts that stands where mmdet has an (N, H, W) mask tensor.

    A test image has up to 100 masks an episode and many episodes, so full masks would fill the memory. As a sequence it
    is what mmdet's ``CocoMetric`` reads; ``.cpu().numpy()`` decodes it for everybody who expects a tensor
    (``supervision.Detections.from_mmdetection``, and mmdet's dump, which would turn a list into a plain one).

    Args:
        rles: N dicts with ``size`` (h, w) and ``counts``.
        img_shape: (h, w) of the masks, original image; it shapes the array when N is 0.
    """

    def __init__(self, rles: Iterable[dict], img_shape: tuple[int, int]) -> None:
        self.rles = list(rles)
        self.img_shape = tuple(img_shape)

    @classmethod
    def encode(cls, masks: np.ndarray) -> 'RLEMasks':
        """Encode boolean masks (N, H, W)."""
        columns = np.asfortranarray(masks.transpose(1, 2, 0), dtype=np.uint8)
        return cls(mask_utils.encode(columns) if len(masks) else [], masks.shape[1:])

    @staticmethod
    def cat(parts: Sequence['RLEMasks']) -> 'RLEMasks':
        """Join masks of one image; MMEngine's ``InstanceData`` calls it."""
        return RLEMasks([rle for part in parts for rle in part], parts[0].img_shape)

    def __len__(self) -> int:
        return len(self.rles)

    def __getitem__(self, index: int | slice) -> 'dict | RLEMasks':
        item = self.rles[index]
        return RLEMasks(item, self.img_shape) if isinstance(index, slice) else item

    def cpu(self) -> 'RLEMasks':
        """Return itself: encoded masks live on the host."""
        return self

    def numpy(self) -> np.ndarray:
        """Decode to a boolean array (N, H, W)."""
        if not self:
            return np.zeros((0, *self.img_shape), dtype=bool)
        return mask_utils.decode(self.rles).transpose(2, 0, 1).astype(bool)
