"""Masks of boxes, as a network predicts them, in the pixels of an image; numpy alone."""

from collections.abc import Callable

import numpy as np

from mmosis.utils.published_frame import fit_to_box

Crop = tuple[np.ndarray, tuple[int, int]]


def paste_masks(masks: np.ndarray, bboxes: np.ndarray, img_shape: tuple[int, int], rule: dict) -> np.ndarray:
    """Paste all masks at the size of the image; for many of a large one take :func:`crop_mask` one by one.

    Args:
        masks: (M, h, w), 0 to 1.
        bboxes: (M, 4) xyxy, pixels of the image.
        img_shape: (H, W) of the image.
        rule: ``masks`` of an exported model's ``model.json``.

    Returns:
        np.ndarray: (M, H, W) bool.

    Raises:
        ValueError: If there is not a mask for each box, or the rule is unknown.
    """
    if len(masks) != len(bboxes):
        raise ValueError(f'every box has its mask, got {len(masks)} masks of {len(bboxes)} boxes')
    pasted = np.zeros((len(masks), *img_shape), bool)
    for canvas, mask, bbox in zip(pasted, masks, bboxes, strict=True):
        crop, (x, y) = crop_mask(mask, bbox, img_shape, rule)
        canvas[y : y + crop.shape[0], x : x + crop.shape[1]] = crop
    return pasted


def crop_mask(mask: np.ndarray, bbox: np.ndarray, img_shape: tuple[int, int], rule: dict) -> Crop:
    """Paste one mask, and give only the part of the image where it can be.

    Args:
        mask: (h, w), 0 to 1.
        bbox: (4,) xyxy, pixels of the image.
        img_shape: (H, W) of the image.
        rule: As in :func:`paste_masks`.

    Returns:
        tuple: (h', w') bool, and (x, y) of its upper left pixel in the image.

    Raises:
        ValueError: If the rule is unknown.
    """
    rules: dict[str, Callable[..., Crop]] = dict(bilinear=_bilinear, whole_pixels=_whole_pixels)
    if rule['paste'] not in rules:
        raise ValueError(f'masks are pasted by one of the rules {", ".join(rules)}, got {rule["paste"]!r}')
    return rules[rule['paste']](mask, bbox, img_shape, rule)


def _bilinear(mask: np.ndarray, bbox: np.ndarray, img_shape: tuple[int, int], rule: dict) -> Crop:
    """As mmdet: an image's pixel looks up its centre in the mask, around which all is 0."""
    x1, y1, x2, y2 = (np.float32(side) for side in bbox)
    left, columns = _samples(x1, x2, mask.shape[1], img_shape[1])
    top, rows = _samples(y1, y2, mask.shape[0], img_shape[0])
    return rows @ mask @ columns.T >= rule['threshold'], (left, top)


def _samples(start: np.float32, end: np.float32, length: int, limit: int) -> tuple[int, np.ndarray]:
    """First pixel that a box can touch on an axis, and for each from there the weights (pixels, length) of the mask's.

    The sides of a mask of this length lie on the sides of the box.
    """
    first = max(int(np.floor(start)) - 1, 0)
    last = min(int(np.ceil(end)) + 1, limit)
    centres = np.arange(first, last, dtype=np.float32) + np.float32(0.5)
    with np.errstate(divide='ignore', invalid='ignore'):
        positions = (centres - start) / (end - start) * 2 - 1
    positions[np.isinf(positions)] = 0
    positions = ((positions + 1) * length - 1) / 2
    weights = 1 - np.abs(positions[:, None] - np.arange(length, dtype=np.float32))
    return first, np.maximum(weights, 0).astype(np.float32)


def _whole_pixels(mask: np.ndarray, bbox: np.ndarray, img_shape: tuple[int, int], rule: dict) -> Crop:
    """As the published code: the box is rounded, and the mask resized to it."""
    part, x, y = fit_to_box(mask, np.rint(bbox).astype(int), rule['anti_aliasing'])
    return part >= rule['threshold'], (x, y)
