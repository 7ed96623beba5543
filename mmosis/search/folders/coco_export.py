"""What a search found, in COCO format, as label tools import it."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmosis.structures import FoundObjects, RLEMasks


def describe_image(
    file_name: str, img_shape: tuple[int, int], found: FoundObjects, score_thr: float, polygons: bool = False
) -> dict:
    """Describe what was found in one image by plain values.

    Args:
        file_name: Its name in the COCO file.
        img_shape: (H, W).
        found: ``bboxes`` (N, 4) xyxy, ``scores``, ``labels``, and maybe ``masks`` (RLE), in pixels of the image.
        score_thr: Lowest score of what is kept.
        polygons: Whether masks become polygons, which some label tools need; holes are filled by that. By default RLE.

    Returns:
        dict: ``file_name``, ``height``, ``width`` and ``found``: a list of ``label``, ``score``, ``bbox`` (xywh),
        ``area`` and ``segmentation``.
    """
    found = found[found.scores >= score_thr]
    rows = []
    for i, (box, label, score) in enumerate(
        zip(found.bboxes.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True)
    ):
        row = dict(label=label, score=round(score, 4), bbox=_xywh(box))
        if 'masks' in found:
            row |= _segment(found.masks, i, polygons)
        else:
            row |= dict(area=round(row['bbox'][2] * row['bbox'][3], 2), segmentation=[])
        rows.append(row)
    return dict(file_name=file_name, height=img_shape[0], width=img_shape[1], found=rows)


def to_coco(records: Iterable[dict], classes: Sequence[str]) -> dict:
    """Join the descriptions of images to one COCO-format file.

    Args:
        records: As :func:`describe_image` makes them.
        classes: Name of each label.

    Returns:
        dict: ``images``, ``annotations`` (with ``score``) and ``categories``; ids count from 1.
    """
    images, annotations = [], []
    for image_id, record in enumerate(records, 1):
        images.append(dict(id=image_id, **{key: record[key] for key in ('file_name', 'width', 'height')}))
        for row in record['found']:
            rest = {key: value for key, value in row.items() if key != 'label'}
            ids = dict(id=len(annotations) + 1, image_id=image_id, category_id=row['label'] + 1)
            annotations.append(dict(ids, iscrowd=0, **rest))
    categories = [dict(id=number, name=name, supercategory='') for number, name in enumerate(classes, 1)]
    return dict(images=images, annotations=annotations, categories=categories)


def _xywh(box: Sequence[float]) -> list[float]:
    x1, y1, x2, y2 = box
    return [round(value, 2) for value in (x1, y1, x2 - x1, y2 - y1)]


def _segment(masks: RLEMasks, index: int, polygons: bool) -> dict:
    rle = masks[index]
    plain = dict(size=list(rle['size']), counts=rle['counts'].decode())
    return dict(area=float(mask_utils.area(rle)), segmentation=_trace(masks, index) if polygons else plain)


def _trace(masks: RLEMasks, index: int) -> list[list[float]]:
    """Trace the borders of a mask along the edges of its pixels, x and y in turn."""
    x, y, width, height = np.round(mask_utils.toBbox(masks[index])).astype(int).tolist()
    if not width or not height:
        return []
    mask = masks.crop(index, (x, y, x + width, y + height)).astype(np.uint8)
    # OpenCV traces the centres of pixels: doubled, they give both edges of a pixel.
    doubled = mask.repeat(2, axis=0).repeat(2, axis=1)
    contours, _ = cv2.findContours(doubled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [((contour.reshape(-1, 2) + 1) // 2 + (x, y)).astype(float).ravel().tolist() for contour in contours]
