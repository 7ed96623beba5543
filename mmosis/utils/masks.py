"""Masks as annotation files have them."""

from collections.abc import Mapping

import numpy as np
from pycocotools import mask as mask_utils

from .coco_outlines import EXPECTED, read_outline


def decode_segmentation(segmentation: dict | list | np.ndarray | None, img_shape: tuple[int, int]) -> np.ndarray:
    """Decode the mask of one object.

    Args:
        segmentation: COCO polygons or RLE, in the forms of :func:`~mmosis.utils.coco_outlines.read_outline`, or an
            array (H, W) that is not 0 on the object. Polygons of fewer than three points are skipped, as in mmdet:
            pycocotools would take two points for a box.
        img_shape: (H, W) of its image.

    Returns:
        np.ndarray: (H, W) uint8, 0 or 1.

    Raises:
        ValueError: If there is no mask, it is no outline, is empty or has another size than the image.
    """
    if isinstance(segmentation, np.ndarray):
        mask = (segmentation != 0).astype(np.uint8)
        if mask.shape != tuple(img_shape):
            raise ValueError(f'a mask must have the size of its image, {tuple(img_shape)} (h x w), got {mask.shape}')
    else:
        outline = read_outline(segmentation, img_shape)
        if outline is None:
            raise ValueError(f'{EXPECTED}, got none')
        mask = mask_utils.decode(encode_segmentation(outline, img_shape))
    if not mask.any():
        raise ValueError('a mask must cover at least one pixel, got an empty one')
    return mask


def mask_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Find the box xyxy, whole pixels, of a mask (H, W), not 0 on the object; 0, 0, 0, 0 if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def encode_segmentation(segmentation: dict | list, img_shape: tuple[int, int]) -> dict:
    """Turn polygons or RLE of an annotation file into compressed RLE, whose ``counts`` are bytes."""
    if isinstance(segmentation, list):
        return mask_utils.merge(mask_utils.frPyObjects(segmentation, *img_shape))
    counts = segmentation['counts']
    if isinstance(counts, list):
        return mask_utils.frPyObjects(segmentation, *segmentation['size'])
    return dict(segmentation, counts=counts.encode()) if isinstance(counts, str) else segmentation


def rle_as_text(rle: Mapping) -> dict:
    """Turn compressed RLE into what JSON has: ``counts`` are text."""
    counts = rle['counts']
    return dict(size=list(rle['size']), counts=counts.decode() if isinstance(counts, bytes) else counts)
