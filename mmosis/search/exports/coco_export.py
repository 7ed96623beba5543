"""What a search found, in COCO format, as label tools import it."""

import os
from collections.abc import Iterable, Sequence

import numpy as np
from pycocotools import mask as mask_utils

from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.masks import encode_segmentation, rle_as_text

from .outlines import as_tolerance, box_corners, simplify


def describe_image(
    file_name: str,
    img_shape: tuple[int, int],
    found: FoundObjects,
    score_thr: float,
    polygons: bool | float | None = None,
) -> dict:
    """Describe what was found in one image by plain values.

    Args:
        file_name: Its name in the COCO file.
        img_shape: (H, W).
        found: ``bboxes`` (N, 4) xyxy, ``scores``, ``labels``, and maybe ``masks`` (RLE), in pixels of the image.
        score_thr: Lowest score of what is kept.
        polygons: Tolerance in pixels of the polygons that masks become, which some label tools need; 0 or True for all
            points. Holes are filled by that. By default RLE.

    Returns:
        dict: ``file_name``, ``height``, ``width`` and ``found``: a list of ``label``, ``score``, ``bbox`` (xywh),
        ``area`` and ``segmentation``.
    """
    found, tolerance = found[found.scores >= score_thr], as_tolerance(polygons)
    rows = []
    for i, (box, label, score) in enumerate(
        zip(found.bboxes.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True)
    ):
        row = dict(label=label, score=round(score, 4), bbox=_xywh(box))
        if 'masks' in found:
            row |= _segment(found.masks[i], tolerance)
        else:
            row |= dict(area=round(row['bbox'][2] * row['bbox'][3], 2), segmentation=[])
        rows.append(row)
    return dict(file_name=file_name, height=img_shape[0], width=img_shape[1], found=rows)


def read_record(record: dict) -> FoundObjects:
    """Turn the description of an image back into objects, with ``tracks``, of which 0 is none.

    Without outlines they have no masks; where some have one, the mask of the others is their box.
    """
    rows, shape = record['found'], (record['height'], record['width'])
    found = FoundObjects(
        bboxes=to_xyxy(rows),
        scores=np.array([row['score'] for row in rows], np.float32),
        labels=np.array([row['label'] for row in rows], int),
        tracks=np.array([row.get('track_id', 0) for row in rows], int),
    )
    has_masks = any(row['segmentation'] for row in rows)
    return found.with_columns(masks=RLEMasks(encode_outlines(record), shape)) if has_masks else found


def to_xyxy(rows: Sequence[dict]) -> np.ndarray:
    """Boxes (N, 4) xyxy of the objects of a description."""
    bboxes = np.array([row['bbox'] for row in rows], np.float32).reshape(-1, 4)
    return np.concatenate([bboxes[:, :2], bboxes[:, :2] + bboxes[:, 2:]], axis=1)


def encode_outlines(record: dict) -> list[dict]:
    """Masks of the objects of a description, compressed RLE; an object without an outline has that of its box."""
    shape = (record['height'], record['width'])
    return [encode_segmentation(row['segmentation'] or [box_corners(row['bbox'])], shape) for row in record['found']]


def to_coco(records: Iterable[dict], classes: Sequence[str]) -> dict:
    """Join the descriptions of images to one COCO-format file.

    Args:
        records: As :func:`describe_image` makes them.
        classes: Name of each label.

    Returns:
        dict: ``images``, ``annotations`` (with ``score``) and ``categories``; ids count from 1. With frames of videos
        also ``videos``, and the images have ``video_id`` and ``frame_id``, as data sets for tracking do.
    """
    images, annotations, videos = [], [], {}
    for image_id, record in enumerate(records, 1):
        image = dict(id=image_id, **{key: record[key] for key in ('file_name', 'width', 'height')})
        images.append(image | _place_frame(record, videos))
        for row in record['found']:
            rest = {key: value for key, value in row.items() if key != 'label'}
            ids = dict(id=len(annotations) + 1, image_id=image_id, category_id=row['label'] + 1)
            tracked = dict(instance_id=row['track_id']) if 'track_id' in row else {}  # as mmdet and as TAO call it
            annotations.append(dict(ids, iscrowd=0, **rest, **tracked))
    categories = [dict(id=number, name=name, supercategory='') for number, name in enumerate(classes, 1)]
    coco = dict(images=images, annotations=annotations, categories=categories)
    return coco | dict(videos=list(videos.values())) if videos else coco


def _place_frame(record: dict, videos: dict[str, dict]) -> dict:
    """Say which frame of which video an image is, and add the video if it is new."""
    if 'frame' not in record:
        return {}
    name = os.path.dirname(record['file_name'])
    size = {key: record[key] for key in ('width', 'height', 'fps')}
    video = videos.setdefault(name, dict(id=len(videos) + 1, name=name, **size))
    return dict(video_id=video['id'], frame_id=record['frame'])


def _xywh(box: Sequence[float]) -> list[float]:
    x1, y1, x2, y2 = box
    return [round(value, 2) for value in (x1, y1, x2 - x1, y2 - y1)]


def _segment(rle: dict, tolerance: float | None) -> dict:
    segmentation = rle_as_text(rle) if tolerance is None else simplify(rle, tolerance)
    return dict(area=float(mask_utils.area(rle)), segmentation=segmentation)
