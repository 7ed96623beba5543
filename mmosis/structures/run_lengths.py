"""COCO's run lengths of masks, from the edges of their columns: images are read in full, but not copied.

They are, byte for byte, what ``pycocotools.mask.encode`` writes.
"""

from typing import TYPE_CHECKING

import numpy as np
from pycocotools import mask as mask_utils

if TYPE_CHECKING:
    from torch import Tensor

# Bounds memory; and CUDA finds what is not 0 among fewer than 2**31 values.
PIXELS_AT_A_TIME = 2**28
SMALL = 2**16  # pixels of a mask up to which copying it costs less than finding its edges


def encode_array(masks: np.ndarray) -> list[dict]:
    """Encode boolean masks (N, H, W) one by one, each while it is in the processor's cache, and small ones at once."""
    if len(masks) and masks[0].size <= SMALL:
        return mask_utils.encode(np.asfortranarray(masks.transpose(1, 2, 0), dtype=np.uint8))
    return [encode_part(mask, (0, 0), mask.shape) for mask in masks]


def encode_tensor(masks: 'Tensor') -> list[dict]:
    """Encode boolean masks (N, H, W) where they are, such as on a GPU: only their edges are copied to the CPU."""
    at_a_time = max(1, PIXELS_AT_A_TIME // max(1, masks[0:1].numel()))
    return [rle for chunk in masks.split(at_a_time) for rle in _encode_chunk(chunk)] if len(masks) else []


def encode_part(part: np.ndarray, corner: tuple[int, int], img_shape: tuple[int, int]) -> dict:
    """Encode a mask that lies in a part of an image.

    Args:
        part: (h, w) bool, inside the image.
        corner: (x, y) of its upper left pixel in the image.
        img_shape: (H, W) of the image, fewer than 2**32 pixels, which is what RLE counts.

    Returns:
        dict: The mask at the size of the image, as compressed RLE.
    """
    inner = np.flatnonzero(part[1:] != part[:-1])
    return _encode(inner, part[:1].any(axis=0), part[-1:].any(axis=0), len(part), corner, img_shape)


def _encode_chunk(masks: 'Tensor') -> list[dict]:
    shape = height, width = tuple(masks.shape[1:])
    inner = (masks[:, 1:] != masks[:, :-1]).flatten().nonzero()[:, 0].cpu().numpy()
    top, bottom = masks[:, 0].cpu().numpy(), masks[:, -1].cpu().numpy()
    starts = np.arange(len(masks)) * (height - 1) * width
    parts = np.split(inner, np.searchsorted(inner, starts[1:]))
    return [
        _encode(part - start, *rows, height, (0, 0), shape)
        for part, start, *rows in zip(parts, starts, top, bottom, strict=True)
    ]


def _encode(
    inner: np.ndarray, top: np.ndarray, bottom: np.ndarray, rows: int, corner: tuple[int, int], img_shape: tuple
) -> dict:
    """Encode from the edges: positions of pixels unlike the one below, row by row, and the first and last row."""
    (x, y), (height, width) = corner, img_shape
    begins, ends = np.flatnonzero(top), np.flatnonzero(bottom)
    row, column = np.divmod(inner, len(top))
    row = np.concatenate([row + 1, np.zeros_like(begins), np.full_like(ends, rows)])
    edges = (np.concatenate([column, begins, ends]) + x) * height + row + y
    # From the foot of one column to the head of the next a run goes on: its end and the next start are no edges.
    edges, times = np.unique(edges, return_counts=True)
    # COCO's own encoder writes no empty run at the end.
    edges = edges[(times == 1) & (edges < height * width)]
    counts = np.diff(edges, prepend=0, append=height * width).tolist()
    return mask_utils.frPyObjects(dict(size=[height, width], counts=counts), height, width)
