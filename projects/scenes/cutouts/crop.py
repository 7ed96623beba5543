"""Write one cut-out, or one photograph that is a background, as files of bounded size."""

import json
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmosis.utils.atomic import write_atomic
from mmosis.utils.masks import mask_box

from .appearance import describe
from .source import Source

_MARGIN = 3
_REACHES = (2, 8)
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]


def write_cutout(image: np.ndarray, path: Path, source: Source) -> dict | None:
    """Write what an image's alpha shows, cropped and reduced, as PNG.

    Args:
        image: (H, W, 4) uint8, BGR and alpha.
        path: The file.
        source: Which sizes are wanted.

    Returns:
        Its file name, the width and height of the object in pixels, and its appearance; None if it is too small.
    """
    inside = image[..., 3] >= 128
    if inside.sum() < source.min_area:
        return None
    left, top, right, bottom = mask_box(inside)
    height, width = bottom - top, right - left
    if max(height, width) < source.min_side:
        return None
    patch = _extend_colours(image[top : top + height, left : left + width])
    patch = _reduce(patch, source.max_side / max(height, width))
    height, width = patch.shape[:2]
    appearance = describe(patch)
    patch = cv2.copyMakeBorder(patch, *[_MARGIN] * 4, cv2.BORDER_REPLICATE)
    alpha = np.zeros_like(patch[..., 3])
    middle = slice(_MARGIN, -_MARGIN), slice(_MARGIN, -_MARGIN)
    alpha[middle] = patch[..., 3][middle]
    patch[..., 3] = alpha
    write_atomic(path, cv2.imencode('.png', patch)[1].tobytes())
    return dict(file=path.name, size=[width, height], look=appearance)


def write_background(
    image: np.ndarray, objects: list[tuple[str, bool, np.ndarray]], path: Path, source: Source
) -> dict:
    """Write a photograph, reduced, as JPEG and what it shows as JSON beside it.

    Args:
        image: (H, W, 3) uint8, BGR.
        objects: Category, whether it is a crowd, and mask, (H, W) uint8, of each object.
        path: The files without their extension.
        source: Which size is wanted.

    Returns:
        Its name and the categories that it shows.
    """
    factor = source.ground_side / min(image.shape[:2])
    found = []
    for category, crowd, mask in objects:
        small = _reduce(255 * mask, factor) >= 128
        if small.any():
            rle = mask_utils.encode(np.asfortranarray(small, np.uint8))
            found.append(dict(kind=category, crowd=crowd, size=rle['size'], counts=rle['counts'].decode()))
    write_atomic(path.with_suffix('.jpg'), cv2.imencode('.jpg', _reduce(image, factor), _QUALITY)[1].tobytes())
    write_atomic(path.with_suffix('.json'), json.dumps(found))
    return dict(name=path.name, kinds=sorted({entry['kind'] for entry in found}))


def _reduce(image: np.ndarray, factor: float) -> np.ndarray:
    if factor >= 1:
        return image
    size = [max(round(factor * length), 1) for length in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _extend_colours(patch: np.ndarray) -> np.ndarray:
    """Continue the object's colours outwards, so that a soft or resized border has none of its old background."""
    weight = (patch[..., 3] >= 128).astype(np.float32)
    colour = patch[..., :3] * weight[..., None]
    filled = np.broadcast_to(colour.sum((0, 1)) / weight.sum(), colour.shape).astype(np.float32)
    for reach in reversed(_REACHES):
        near = cv2.GaussianBlur(weight, (0, 0), reach)
        extended = cv2.GaussianBlur(colour, (0, 0), reach) / np.maximum(near, 1e-6)[..., None]
        filled = np.where(near[..., None] > 0.01, extended, filled)
    filled = np.where(weight[..., None] > 0, patch[..., :3], np.clip(filled, 0, 255))
    return np.dstack([filled.astype(np.uint8), patch[..., 3]])
