"""Masks as annotation files have them."""

from numbers import Real
from typing import Any

import numpy as np
from pycocotools import mask as mask_utils


def decode_segmentation(segmentation: dict | list | np.ndarray | None, img_shape: tuple[int, int]) -> np.ndarray:
    """Decode the mask of one object.

    Args:
        segmentation: COCO polygons, also a flat one or one of point pairs (:func:`list_polygons`), RLE (compressed or
            not), or an array (H, W) that is not 0 on the object. Polygons of fewer than three points are left out, as
            mmdet does: pycocotools would take two points for a box.
        img_shape: (H, W) of its image.

    Returns:
        np.ndarray: (H, W) uint8, 0 or 1.

    Raises:
        ValueError: If there is no mask, it is empty or it has another size than the image.
    """
    if isinstance(segmentation, list):
        segmentation = [polygon for polygon in list_polygons(segmentation) if len(polygon) >= 6]
    if segmentation is None or len(segmentation) == 0:
        raise ValueError('an object must have a mask, polygons of at least three points or RLE, got none')
    if isinstance(segmentation, np.ndarray):
        mask = (segmentation != 0).astype(np.uint8)
    else:
        mask = mask_utils.decode(encode_segmentation(segmentation, img_shape))
    if mask.shape != tuple(img_shape):
        raise ValueError(f'a mask must have the size of its image, {tuple(img_shape)} (h x w), got {mask.shape}')
    if not mask.any():
        raise ValueError('a mask must cover at least one pixel, got an empty one')
    return mask


def encode_segmentation(segmentation: dict | list, img_shape: tuple[int, int]) -> dict:
    """Turn polygons or RLE of an annotation file into compressed RLE."""
    if isinstance(segmentation, list):
        return mask_utils.merge(mask_utils.frPyObjects(list_polygons(segmentation), *img_shape))
    if isinstance(segmentation['counts'], list):
        return mask_utils.frPyObjects(segmentation, *segmentation['size'])
    return segmentation


def list_polygons(segmentation: list) -> list[list]:
    """Turn the forms in which tools write polygons into COCO's.

    Args:
        segmentation: Polygons [x, y, x, y, ...], or one of them without the outer list; each may also be a list of
            points [x, y].

    Returns:
        list: Polygons [x, y, x, y, ...].
    """
    if segmentation and (isinstance(segmentation[0], Real) or _are_points(segmentation)):
        segmentation = [segmentation]
    return [[value for point in part for value in point] if _are_points(part) else part for part in segmentation]


def _are_points(part: Any) -> bool:
    """Whether all are pairs of numbers; a COCO polygon has at least six."""
    return isinstance(part, list | tuple) and len(part) > 0 and all(map(_is_point, part))


def _is_point(point: Any) -> bool:
    pair = isinstance(point, list | tuple) and len(point) == 2
    return pair and all(isinstance(value, Real) for value in point)
