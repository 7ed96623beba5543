"""The paper's random baseline."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.utils.rng import generator

SCORES = (0.8, 1.0)


def random_detections(coco: COCO, cat_ids: Sequence[int], img_ids: Sequence[int], seed: int) -> list[dict]:
    """Make the detections of a model that knows how many objects there are and how they look, but not where.

    Paper section 5.3: ground truth boxes with their masks, shifted at random inside the image, score uniform in 0.8-1.
    Crowds are left out. Image i's detections are a function of (seed, image id) and the categories.

    Args:
        coco: Annotations, with masks.
        cat_ids: Categories to make detections of.
        img_ids: Images to make detections in.
        seed: Seed, >= 0.

    Returns:
        list[dict]: COCO results: ``image_id``, ``category_id``, ``bbox`` xywh, ``score``, ``segmentation`` (RLE).
    """
    wanted = set(cat_ids)
    detections = []
    for img_id in img_ids:
        rng = generator(seed, 'random boxes', img_id)
        image = coco.imgs[img_id]
        for annotation in coco.imgToAnns[img_id]:
            if annotation['category_id'] in wanted and not annotation['iscrowd']:
                detections.append(_shift(annotation, coco.annToMask(annotation), image['width'], image['height'], rng))
    return detections


def _shift(annotation: dict, mask: np.ndarray, width: int, height: int, rng: np.random.Generator) -> dict:
    """Move an object to a uniform place where its box fits into the image."""
    x, y, box_width, box_height = annotation['bbox']
    new_x, new_y = rng.uniform(0, max(width - box_width, 0)), rng.uniform(0, max(height - box_height, 0))
    shifted = np.zeros_like(mask)
    rows, columns = np.nonzero(mask)
    rows, columns = rows + round(new_y - y), columns + round(new_x - x)
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    shifted[rows[inside], columns[inside]] = 1
    return dict(
        image_id=annotation['image_id'],
        category_id=annotation['category_id'],
        bbox=[new_x, new_y, box_width, box_height],
        score=float(rng.uniform(*SCORES)),
        segmentation=mask_utils.encode(np.asfortranarray(shifted)),
    )
