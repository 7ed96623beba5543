"""Photographs in COCO format, to cut objects out of."""

import json
from pathlib import Path

import cv2
import numpy as np

NAMES = ('mug', 'stapler', 'ruler', 'key')
COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30))


def rectangle(x: int, y: int, w: int, h: int) -> list[list[int]]:
    return [[x, y, x + w, y, x + w, y + h, x, y + h]]


def write_photographs(folder: Path, objects: list[list[tuple]]) -> Path:
    """Write grey images, 120 x 160, with one-coloured rectangles: (category, x, y, w, h), a crowd with True."""
    (folder / 'images').mkdir(parents=True)
    images, annotations = [], []
    for number, found in enumerate(objects, 1):
        image = np.full((120, 160, 3), 100, np.uint8)
        for category, x, y, w, h, *crowd in found:
            image[y : y + h, x : x + w] = COLOURS[category - 1]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=category,
                    bbox=[x, y, w, h],
                    area=w * h,
                    iscrowd=int(bool(crowd)),
                    segmentation=rectangle(x, y, w, h),
                )
            )
        cv2.imwrite(str(folder / 'images' / f'{number}.png'), image[..., ::-1])
        images.append(dict(id=number, file_name=f'{number}.png', height=120, width=160))
    categories = [dict(id=number, name=name) for number, name in enumerate(NAMES, 1)]
    dataset = dict(images=images, annotations=annotations, categories=categories)
    (folder / 'annotations.json').write_text(json.dumps(dataset))
    return folder
