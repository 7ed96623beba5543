"""The paper's random baseline: true boxes and masks at random positions."""

from collections.abc import Collection, Sequence

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.structures import EpisodeRecord
from mmosis.utils.rng import generator

from .detections import Detections
from .dump import Dump
from .functional import is_ignored, true_mask

SCORES = (0.8, 1.0)


def random_baseline(coco: COCO, episodes: Sequence[EpisodeRecord], info: dict, seed: int) -> Dump:
    """Answer every episode of a test with its true objects at random positions (paper section 5.3).

    Args:
        coco: Annotations, with masks or without.
        episodes: Of all runs.
        info: What is tested, with the number of ``runs``.
        seed: Seed of the positions and scores, >= 0.
    """
    runs = [
        random_detections(coco, [(e.image_id, e.category_id) for e in episodes if e.run == run], seed, run)
        for run in range(info['runs'])
    ]
    return Dump(dict(info, detector='random boxes'), sorted(episodes), runs)


def random_detections(coco: COCO, searched: Collection[tuple[int, int]], seed: int, run: int = 0) -> Detections:
    """Detections of a model that knows the number and shape of objects, but not their positions.

    Paper section 5.3: ground truth boxes with their masks, shifted at random inside the image, score uniform in 0.8-1.
    Objects that cannot be found, such as crowds, are skipped. An image's detections are a function of (seed, image id,
    run) and the categories. If only some objects have masks, the others' are their boxes.

    Args:
        coco: Annotations, with masks or without.
        searched: (image id, category id) of what is searched for.
        seed: Seed, >= 0.
        run: The test run.
    """
    objects = _objects(coco, set(searched))
    masked = any(annotation.get('segmentation') for of_image in objects.values() for annotation in of_image)
    results = []
    for img_id, of_image in objects.items():
        rng = generator(seed, 'random boxes', img_id, run)
        results += [_shift(coco, annotation, rng, masked) for annotation in of_image]
    return Detections.from_results(results)


def _objects(coco: COCO, searched: set[tuple[int, int]]) -> dict[int, list[dict]]:
    """List the objects that are searched for and not ignored, by image."""
    return {
        img_id: [
            annotation
            for annotation in coco.imgToAnns[img_id]
            if (img_id, annotation['category_id']) in searched and not is_ignored(coco, annotation)
        ]
        for img_id in sorted({img_id for img_id, _ in searched})
    }


def _shift(coco: COCO, annotation: dict, rng: np.random.Generator, masked: bool) -> dict:
    """Move an object, maybe with its mask, to a uniform position where its box fits into the image."""
    image = coco.imgs[annotation['image_id']]
    x, y, box_width, box_height = annotation['bbox']
    new_x = rng.uniform(0, max(image['width'] - box_width, 0))
    new_y = rng.uniform(0, max(image['height'] - box_height, 0))
    moved = dict(
        image_id=annotation['image_id'],
        category_id=annotation['category_id'],
        bbox=[new_x, new_y, box_width, box_height],
        score=float(rng.uniform(*SCORES)),
    )
    if masked:
        mask = mask_utils.decode(true_mask(coco, annotation))
        moved['segmentation'] = _shift_mask(mask, round(new_x - x), round(new_y - y))
    return moved


def _shift_mask(mask: np.ndarray, right: int, down: int) -> dict:
    """Move a mask by whole pixels, cropped at the border of the image. Run-length encoded."""
    shifted = np.zeros_like(mask)
    rows, columns = np.nonzero(mask)
    rows, columns = rows + down, columns + right
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    shifted[rows[inside], columns[inside]] = 1
    return mask_utils.encode(np.asfortranarray(shifted))
