"""An annotation file as large as COCO's, from random numbers: there are no images."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmosis.utils.json_file import write_lists
from mmosis.utils.rng import generator

# Ids of COCO's 80 categories: of 1 to 90 these are not used.
UNUSED = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
CATEGORY_IDS = [number for number in range(1, 91) if number not in UNUSED]
CATEGORY_NAMES = [f'category {number}' for number in CATEGORY_IDS]
SKEW = 1.2  # category n has n ** -SKEW as many objects as the first, which has 3 in 10, as persons have
OBJECTS_SHAPE = 2.0  # shape of a gamma distribution: images with none, with one, with dozens
CROWD_FRACTION = 0.012
POINTS = (2.9, 0.6)  # log-normal: a polygon has 25 points on average
SIZES = np.array([(480, 640), (640, 480), (427, 640), (640, 427)])
SIDES = (np.log(12), np.log(400))  # of boxes, evenly over their logarithm


def write_coco_size(folder: str | Path, num_images: int, num_annotations: int) -> Path:
    """Write such a file, or take the one that is there.

    Args:
        folder: Where it is kept, by its numbers.
        num_images: Images, with ids and names like COCO's.
        num_annotations: Objects over all images; some images have none.

    Returns:
        The file.
    """
    path = Path(folder) / f'random_{num_images}_{num_annotations}.json'
    if path.is_file():
        return path
    weights = generator(0, 'objects').gamma(OBJECTS_SHAPE, size=num_images)
    counts = generator(0, 'counts').multinomial(num_annotations, weights / weights.sum())
    ids = np.sort(generator(0, 'ids').choice(5 * num_images, num_images, replace=False) + 1).tolist()
    shapes = SIZES[generator(0, 'shapes').integers(len(SIZES), size=num_images)].tolist()
    images = (
        dict(id=img_id, file_name=f'{img_id:012d}.jpg', height=height, width=width)
        for img_id, (height, width) in zip(ids, shapes, strict=True)
    )
    categories = [
        dict(id=number, name=name, supercategory='any')
        for number, name in zip(CATEGORY_IDS, CATEGORY_NAMES, strict=True)
    ]
    annotations = _annotations(ids, shapes, counts)
    write_lists(path, dict(images=images, annotations=annotations, categories=categories))
    return path


def _annotations(ids: list[int], shapes: list[list[int]], counts: np.ndarray) -> Iterator[dict]:
    """Make the objects, image by image."""
    weights = np.arange(1, len(CATEGORY_IDS) + 1) ** -SKEW
    number = 0
    for img_id, shape, count in zip(ids, shapes, counts, strict=True):
        rng = generator(0, 'image', img_id)
        labels = rng.choice(len(CATEGORY_IDS), count, p=weights / weights.sum())
        for label in labels:
            number += 1
            yield dict(_random_object(rng, *shape), image_id=img_id, category_id=CATEGORY_IDS[label], id=number)


def _random_object(rng: np.random.Generator, height: int, width: int) -> dict:
    """Make a random box with a polygon of its size in it, or a crowd with a mask of runs."""
    size = np.minimum(np.exp(rng.uniform(*SIDES, 2)), (width, height))
    corner = rng.uniform(0, (width, height) - size)
    box = dict(bbox=[*corner.round(2).tolist(), *size.round(2).tolist()], area=round(float(size.prod()), 2))
    if rng.random() < CROWD_FRACTION:
        ends = np.sort(rng.choice(height * width, 200, replace=False))
        runs = np.diff(ends, prepend=0, append=height * width).tolist()  # uncompressed, of zeros first
        return dict(box, iscrowd=1, segmentation=dict(size=[height, width], counts=runs))
    angles = np.sort(rng.uniform(0, 2 * np.pi, 3 + int(rng.lognormal(*POINTS))))
    points = corner + size / 2 * (1 + np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return dict(box, iscrowd=0, segmentation=[points.round(2).ravel().tolist()])
