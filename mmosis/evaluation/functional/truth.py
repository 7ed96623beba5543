"""The annotated objects as every evaluation takes them: which count, and their masks."""

from collections.abc import Mapping

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.utils.searchable import is_searchable


def is_ignored(coco: COCO, annotation: Mapping, iou_type: str = 'bbox') -> bool:
    """Tell whether an object is neither to be found nor to be missed, as COCO has it of crowds.

    Besides crowds these are the objects that no search is asked for, see :func:`is_searchable`, and where masks are
    judged, those without segmentation.
    """
    unmasked = iou_type == 'segm' and not annotation.get('segmentation')
    return unmasked or not is_searchable(annotation, coco.imgs[annotation['image_id']])


def true_mask(coco: COCO, annotation: Mapping) -> dict:
    """Give the mask of an object, run-length encoded; where it has none, the part of its box in the image."""
    if annotation.get('segmentation'):
        return coco.annToRLE(annotation)
    image = coco.imgs[annotation['image_id']]
    size = image['height'], image['width']
    x, y, width, height = annotation['bbox']
    left, right = (min(max(side, 0), image['width']) for side in (x, x + width))
    top, bottom = (min(max(side, 0), image['height']) for side in (y, y + height))
    return mask_utils.frPyObjects(np.array([[left, top, right - left, bottom - top]], dtype=float), *size)[0]
