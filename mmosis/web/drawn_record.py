"""The record of an image, as an export has it, turned into what is drawn on the image."""

from collections.abc import Iterable

import numpy as np
from pycocotools import mask as mask_utils

from mmosis.search.exports.outlines import box_corners
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.masks import encode_segmentation

MAX_PIXELS = 500_000_000  # of all crops of an export


def as_found(record: dict) -> FoundObjects:
    """Turn a record, as :func:`~mmosis.search.describe_image` makes it, into objects.

    Objects without an outline have that of their box.
    """
    rows, shape = record['found'], (record['height'], record['width'])
    bboxes = np.array([row['bbox'] for row in rows], np.float32).reshape(-1, 4)
    bboxes[:, 2:] += bboxes[:, :2]
    return FoundObjects(
        bboxes=bboxes,
        scores=np.array([row['score'] for row in rows], np.float32),
        labels=np.array([row['label'] for row in rows], int),
        masks=RLEMasks(_encode(record), shape),
    )


def check_crops(records: Iterable[dict]) -> None:
    """Refuse crops that would be too large together: many objects may have all of an image each.

    Raises:
        ValueError: If they have more than MAX_PIXELS.
    """
    boxes = [box for record in records for box in map(mask_utils.toBbox, _encode(record))]
    num_pixels = sum(width * height for _, _, width, height in boxes)
    if num_pixels > MAX_PIXELS:
        raise ValueError(
            f'the crops would have {num_pixels / 10**6:.0f} million pixels, more than {MAX_PIXELS // 10**6} million; '
            'export fewer images at a time, or without crops'
        )


def _encode(record: dict) -> list[dict]:
    """Masks of the objects: compressed RLE."""
    shape = (record['height'], record['width'])
    encoded = [encode_segmentation(row['segmentation'] or [box_corners(row['bbox'])], shape) for row in record['found']]
    return [
        dict(rle, counts=rle['counts'].encode() if isinstance(rle['counts'], str) else rle['counts']) for rle in encoded
    ]
