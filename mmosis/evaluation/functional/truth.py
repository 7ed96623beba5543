"""Annotated objects in evaluations: which are ignored, and their masks."""

import logging
from collections.abc import Mapping

import numpy as np
from mmengine.logging import print_log
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.utils.coco_objects import is_searchable


def is_ignored(coco: COCO, annotation: Mapping, iou_type: str = 'bbox') -> bool:
    """Whether an object is ignored as COCO ignores crowds: it is not missed, and detections of it do not count.

    Besides crowds these are the objects that are never searched for, see :func:`is_searchable`, and where masks are
    judged, those without segmentation.
    """
    unmasked = iou_type == 'segm' and not annotation.get('segmentation')
    return unmasked or not is_searchable(annotation, coco.imgs[annotation['image_id']])


def true_mask(coco: COCO, annotation: Mapping) -> dict:
    """The run-length encoded mask of an object; where it has none, the part of its box in the image."""
    if annotation.get('segmentation'):
        return coco.annToRLE(annotation)
    image = coco.imgs[annotation['image_id']]
    size = image['height'], image['width']
    x, y, width, height = annotation['bbox']
    left, right = (min(max(side, 0), image['width']) for side in (x, x + width))
    top, bottom = (min(max(side, 0), image['height']) for side in (y, y + height))
    return mask_utils.frPyObjects(np.array([[left, top, right - left, bottom - top]], dtype=float), *size)[0]


def has_masks(coco: COCO) -> bool:
    """Whether any object has a mask."""
    return any(annotation.get('segmentation') for annotation in coco.anns.values())


def check_masks(coco: COCO) -> None:
    """Check that masks can be judged; warn of objects without one, which are ignored.

    Raises:
        ValueError: If no object has a mask.
    """
    if not has_masks(coco):
        raise ValueError(
            'masks are to be judged, but no annotation has a segmentation; judge boxes alone: '
            '--cfg-options test_evaluator.metric=bbox for tools/test.py, --metric bbox for eval_predictions.py'
        )
    unmasked = sum(not annotation.get('segmentation') for annotation in coco.anns.values())
    if unmasked:
        print_log(
            f'{unmasked} of {len(coco.anns)} objects have no segmentation: they are ignored where masks are judged',
            logger='current',
            level=logging.WARNING,
        )
