"""Random annotations and detections in COCO format, with all that makes evaluation hard."""

import numpy as np
from pycocotools import mask as mask_utils

HEIGHT, WIDTH = 180, 200
CAT_IDS = (3, 7, 20)


def rle(bbox: list[float]) -> dict:
    """A filled box with its upper left corner cut off, so that masks are not just boxes."""
    x, y, width, height = (round(value) for value in bbox)
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[y : y + height, x : x + width] = 1
    mask[y : y + height // 3, x : x + width // 3] = 0
    return mask_utils.encode(np.asfortranarray(mask))


def random_box(rng: np.random.Generator, low: float = 8) -> list[float]:
    """Xywh of any COCO size: small (< 32²), medium or large (> 96²)."""
    width, height = np.exp(rng.uniform(np.log(low), np.log(150), 2))
    return [float(rng.uniform(0, WIDTH - width)), float(rng.uniform(0, HEIGHT - height)), float(width), float(height)]


def random_truth(rng: np.random.Generator, first_id: int) -> dict:
    """Images with crowds among their objects; one may be empty, and a category may be absent."""
    present = CAT_IDS[: rng.integers(1, 4)]
    images = [dict(id=int(img_id), height=HEIGHT, width=WIDTH) for img_id in rng.permutation(40)[:5]]
    annotations = []
    for image in images:
        for _ in range(rng.integers(0, 6)):
            box = random_box(rng)
            segmentation = rle(box if rng.random() < 0.95 else [0, 0, 0, 0])  # some masks are empty
            annotations.append(
                dict(
                    id=first_id + len(annotations),
                    image_id=image['id'],
                    category_id=int(rng.choice(present)),
                    bbox=box,
                    segmentation=segmentation,
                    area=float(mask_utils.area(segmentation)) or box[2] * box[3],
                    iscrowd=int(rng.random() < 0.2),
                )
            )
    categories = [dict(id=cat_id, name=f'c{cat_id}') for cat_id in CAT_IDS]
    return dict(images=images, annotations=annotations, categories=categories)


def random_results(rng: np.random.Generator, truth: dict) -> list[dict]:
    """Shifted copies of the truth, some of them twice or as another category, and clutter; many scores are equal."""
    results = []
    for annotation in truth['annotations']:
        x, y, width, height = annotation['bbox']
        for _ in range(rng.integers(0, 3)):
            shift = rng.normal(0, 0.15, 2) * (width, height)
            box = [max(0.0, float(x + shift[0])), max(0.0, float(y + shift[1])), width, height]
            category = annotation['category_id'] if rng.random() < 0.9 else int(rng.choice(CAT_IDS))
            results.append(dict(image_id=annotation['image_id'], category_id=category, bbox=box))
    for image in truth['images']:
        for _ in range(rng.integers(0, 4)):
            results.append(dict(image_id=image['id'], category_id=int(rng.choice(CAT_IDS)), bbox=random_box(rng)))
    for result in results:
        result.update(score=round(float(rng.random()), 1), segmentation=rle(result['bbox']))
    return results


def spoil(rng: np.random.Generator, truth: dict) -> dict:
    """Make a third of the objects such that no search is asked for them, and let every tenth have no segmentation.

    Returns:
        dict: Annotations and, as ``unsearchable``, the ids of what cannot be found; crowds are not among them.
    """
    unsearchable = []
    for annotation in truth['annotations']:
        x, y, width, height = annotation['bbox']
        fault = rng.integers(18)
        if fault == 0:
            annotation['ignore'] = 1
        elif fault == 1:
            annotation['area'] = 0
        elif fault == 2:
            annotation['bbox'] = [x, y, 0.7, height]
        elif fault == 3:
            annotation['bbox'] = [x, y, width, 0.2]
        elif fault == 4:
            annotation['bbox'] = [x + WIDTH, y, width, height]
        elif fault == 5:
            annotation['bbox'] = [x, -height, width, height]
        if fault < 6:
            unsearchable.append(annotation['id'])
        if rng.random() < 0.1:
            annotation['segmentation'] = []
    return dict(truth, unsearchable=unsearchable)


def as_crowds(truth: dict, iou_type: str) -> dict:
    """Make crowds of what cannot be found, for pycocotools; what has no segmentation gets its box as one."""
    annotations = []
    for annotation in truth['annotations']:
        unmasked = not annotation['segmentation']
        crowd = annotation['iscrowd'] or annotation['id'] in truth['unsearchable'] or (iou_type == 'segm' and unmasked)
        mask = filled_box(annotation['bbox']) if unmasked else annotation['segmentation']
        annotations.append(dict(annotation, iscrowd=int(crowd), segmentation=mask))
    return dict(truth, annotations=annotations)


def filled_box(bbox: list[float]) -> dict:
    """The pixels whose centres lie in a box."""
    x, y, width, height = bbox
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    inside = (x < columns) & (columns < x + width) & (y < rows) & (rows < y + height)
    return mask_utils.encode(np.asfortranarray(inside.astype(np.uint8)))
