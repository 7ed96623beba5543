"""Objects of a COCO-format file: boxes, outlines and areas, and which objects are skipped and why."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain

import numpy as np

from .coco_outlines import check_runs, join_runs, may_be_long, read_outline

# What mmdet skips, in its order; crowds stay, but are neither found nor shown as a reference.
REASONS = (
    'marked to ignore',
    'outside the image',
    'of area 0',
    'of a box in 0-1, where boxes are in pixels',
    'narrower than a pixel',
    'crowds',
)
TINY_IMAGE = 8  # pixels; in smaller images boxes within 0-1 may be meant


def settle_objects(dataset: dict) -> dict[int | str, str]:
    """Check boxes and outlines, bring outlines into COCO's form, and fill in ``iscrowd`` and ``area``.

    Args:
        dataset: Content of the file, ids settled; its annotations are changed.

    Returns:
        dict: Of each annotation id that is skipped the reason, one of ``REASONS``.

    Raises:
        ValueError: If a box or an outline is wrong, or all objects are skipped.
    """
    annotations = dataset['annotations']
    shapes = {image['id']: (image['height'], image['width']) for image in dataset['images']}
    img_shapes = [shapes[annotation['image_id']] for annotation in annotations]
    boxes = np.fromiter(chain.from_iterable(a['bbox'] for a in annotations), float, 4 * len(annotations)).reshape(-1, 4)
    negative = np.flatnonzero((boxes[:, 2:] < 0).any(axis=1))
    if len(negative):
        annotation = annotations[negative[0]]
        raise ValueError(
            f'annotation {annotation["id"]} must have a bbox [x, y, width, height] with sides of 0 or more, got '
            f'{annotation["bbox"]}'
        )
    settle_outlines(annotations, img_shapes)
    for annotation in annotations:
        annotation['iscrowd'] = int(annotation.get('iscrowd') or 0)
        if annotation.get('area') is None:
            annotation['area'] = annotation['bbox'][2] * annotation['bbox'][3]
    found = _find_skipped(annotations, boxes, np.array(img_shapes))
    skipped = {annotations[number]['id']: REASONS[found[number]] for number in np.flatnonzero(found >= 0).tolist()}
    if len(skipped) == len(annotations):
        raise ValueError(f'nothing is left to find: {count_skipped(skipped.values(), len(annotations))}')
    return skipped


def count_skipped(reasons: Iterable[str], num_objects: int) -> str:
    """Say how many objects are skipped, and why."""
    counts = Counter(reasons)
    why = ', '.join(f'{counts[reason]} {reason}' for reason in REASONS if counts[reason])
    return f'{counts.total()} of {num_objects} objects are skipped: {why}'


def is_searchable(annotation: Mapping, image: Mapping) -> bool:
    """Decide whether mmdet's data set gives an object to a detector as one to find.

    It skips crowds, objects marked ``ignore``, those of area 0, narrower or lower than a pixel, or outside the image.
    They are never searched for; what is found there is neither right nor wrong. While a file is loaded,
    :func:`settle_objects` goes by the same rule.

    Args:
        annotation: COCO annotation with ``bbox`` (xywh, pixels), ``area``, and maybe ``iscrowd`` and ``ignore``.
        image: Its image's entry, with ``width`` and ``height``.
    """
    if annotation.get('iscrowd') or annotation.get('ignore'):
        return False
    x, y, width, height = annotation['bbox']
    inside_width = min(x + width, image['width']) - max(x, 0)
    inside_height = min(y + height, image['height']) - max(y, 0)
    return min(inside_width, inside_height) > 0 and annotation['area'] > 0 and min(width, height) >= 1


def settle_outlines(annotations: list[dict], img_shapes: list[tuple[int, int]]) -> None:
    """Check the outlines of annotations, and bring them into COCO's form.

    Args:
        annotations: They are changed; what has no outline has no ``segmentation``.
        img_shapes: (H, W) of the image of each.

    Raises:
        ValueError: If one is no outline.
    """
    for annotation, img_shape in zip(annotations, img_shapes, strict=True):
        outline = annotation.get('segmentation')
        if isinstance(outline, dict) or not outline or not all(map(_is_polygon, outline)):
            try:
                _settle_outline(annotation, img_shape)
            except ValueError as error:
                raise ValueError(f'annotation {annotation["id"]}: {error}') from error


def _is_polygon(part: list[float]) -> bool:
    """Whether it has three points or more, is not too long and not near 0, as nearly all are."""
    return len(part) >= 6 and len(part) % 2 == 0 and (part[0] > 1 or part[1] > 1) and not may_be_long(part)


def _settle_outline(annotation: dict, img_shape: tuple[int, int]) -> None:
    outline = annotation.pop('segmentation', None)
    if isinstance(outline, dict) and outline:
        if check_runs(outline, img_shape):
            join_runs(outline)
    else:
        outline = read_outline(outline, img_shape)
        _check_scale(annotation, outline)
    if outline is not None:
        annotation['segmentation'] = outline


def _check_scale(annotation: dict, outline: list | dict | None) -> None:
    """Refuse polygons in 0-1 of an object whose box is in pixels: they cover nothing of it."""
    if not isinstance(outline, list):
        return
    x, y, width, height = annotation['bbox']
    values = [value for polygon in outline for value in polygon]
    if min(values) >= 0 and max(values) <= 1 and max(x + width, y + height) > 2:
        raise ValueError(
            f'polygons are in pixels, got values in 0-1, {str(outline)[:100]}, of a bbox {annotation["bbox"]}'
        )


def _find_skipped(annotations: list[dict], boxes: np.ndarray, img_shapes: np.ndarray) -> np.ndarray:
    """Find what mmdet's ``CocoDataset.parse_data_info`` skips, and crowds: indices of reasons, or -1.

    All at once and with reasons what :func:`is_searchable` says of one object; a test holds
    the two equal.
    """
    corners = boxes[:, :2] + boxes[:, 2:]
    inside = np.clip(np.minimum(corners, img_shapes[:, ::-1]) - np.maximum(boxes[:, :2], 0), 0, None)
    areas = np.fromiter((annotation['area'] for annotation in annotations), float, len(annotations))
    tests = (
        np.fromiter((bool(annotation.get('ignore')) for annotation in annotations), bool, len(annotations)),
        (inside.prod(axis=1) == 0) & (boxes[:, 2:] > 0).all(axis=1),
        areas <= 0,
        (corners <= 1).all(axis=1) & (boxes[:, 2:] < 1).any(axis=1) & (img_shapes.min(axis=1) >= TINY_IMAGE),
        (boxes[:, 2:] < 1).any(axis=1),
        np.fromiter((annotation['iscrowd'] for annotation in annotations), bool, len(annotations)),
    )
    return np.select(tests, range(len(REASONS)), -1)
