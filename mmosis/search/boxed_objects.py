"""Objects that references box on the searched image itself: they are in the result, whatever the network says."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mmosis.structures import FoundObjects, RLEMasks
from mmosis.structures.run_lengths import encode_part

from .nms import best_first, box_iou

SAME_IOU = 0.5  # of a detection and a box around one object
SCORE = 1.0  # of what a user has pointed at


class BoxedObject(NamedTuple):
    """A reference that lies on the searched image.

    Attributes:
        label: Its category, a position in ``bank.categories``.
        bbox: xyxy, pixels of the image.
        outline: Its mask as the ``counts`` of compressed RLE at the size of the image, where one was given.
    """

    label: int
    bbox: tuple[float, float, float, float]
    outline: str | None = None


def image_digest(img: np.ndarray) -> str:
    """Digest of the pixels of an image (H, W, 3) uint8: 32 hexadecimal digits."""
    digest = hashlib.blake2b(str(img.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(img))
    return digest.hexdigest()


def lift_boxed(found: FoundObjects, boxed: Iterable[BoxedObject], corner: tuple[int, int]) -> FoundObjects:
    """Give the detections of boxed objects a score of 1, so that none is dropped as a view is searched.

    Args:
        found: Detections of a view.
        boxed: Objects on the image.
        corner: (x, y) of the view in the image.
    """
    scores = found.scores.copy()
    bboxes = found.bboxes + np.array([*corner, *corner], found.bboxes.dtype)
    for each in boxed:
        scores[_overlaps(bboxes, found.labels, each) >= SAME_IOU] = SCORE
    return found.with_columns(scores=scores)


def with_boxed(found: FoundObjects, boxed: Iterable[BoxedObject], img_shape: tuple[int, int]) -> FoundObjects:
    """Add the objects that are boxed on an image to what was found in it, each once, with a score of 1.

    Of the detections of its category that overlap its box by an IoU of at least 0.5, the one that does so most becomes
    the object, with its own box and mask; the others are dropped as duplicates. Without any, the object has the box
    that was given, and the mask that was given or else that of the box.

    Args:
        found: Detections of the whole image, negative categories included, with ``bboxes``, ``scores``, ``labels`` and
            maybe ``masks``.
        boxed: Objects on it.
        img_shape: (H, W) of the image.

    Returns:
        FoundObjects: The same columns, by falling score.
    """
    for each in boxed:
        overlaps = _overlaps(found.bboxes, found.labels, each)
        same = overlaps >= SAME_IOU
        own = found[np.array([overlaps.argmax()])] if same.any() else _from_box(found, each, img_shape)
        own = own.with_columns(scores=np.full(1, SCORE, found.scores.dtype))
        found = FoundObjects.cat([found[~same], own])
    return best_first(found)


def _overlaps(bboxes: np.ndarray, labels: np.ndarray, boxed: BoxedObject) -> np.ndarray:
    """IoU (N,) of boxes with an object, 0 for those of other labels."""
    return box_iou(bboxes, np.array([boxed.bbox], np.float32))[:, 0] * (labels == boxed.label)


def _from_box(found: FoundObjects, boxed: BoxedObject, img_shape: tuple[int, int]) -> FoundObjects:
    """Make a detection of the box alone, with the columns of the others."""
    columns = dict(
        bboxes=np.array([boxed.bbox], found.bboxes.dtype),
        scores=np.zeros(1, found.scores.dtype),
        labels=np.array([boxed.label], found.labels.dtype),
    )
    if 'masks' not in found:
        return FoundObjects(**columns)
    outline = boxed.outline or encode_outline(np.broadcast_to(np.True_, img_shape), boxed.bbox)
    rle = dict(size=list(img_shape), counts=outline.encode())
    return FoundObjects(**columns, masks=RLEMasks([rle], img_shape))


def encode_outline(mask: np.ndarray, bbox: tuple[float, float, float, float]) -> str:
    """Encode the part of a mask (H, W) that lies in a box, with all pixels that the box touches: an ``outline``."""
    (x1, y1), (x2, y2) = np.floor(bbox[:2]).astype(int), np.ceil(bbox[2:]).astype(int)
    return encode_part(mask[y1:y2, x1:x2] > 0, (x1, y1), mask.shape)['counts'].decode()
