"""Crops of what was found, cut out along the masks: PNG files in a folder for each category."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

from mmosis.structures import RLEMasks
from mmosis.utils.atomic import write_atomic
from mmosis.utils.file_names import fit_name
from mmosis.utils.masks import encode_segmentation

SUFFIX = '.png'


def write_crops(image: np.ndarray, record: dict, classes: Sequence[str], folder: Path) -> list[Path]:
    """Write a PNG for each object of an image: its box, transparent where its mask is not.

    It is called ``mug/photos/a.jpg-1.png``: the folder of its category, the image, and the object's number in it. No
    two have one name.

    Args:
        image: (H, W, 3) uint8, BGR.
        record: What was found in it, as :func:`~mmosis.search.exports.coco_export.describe_image` makes it.
        classes: Name of each label.
        folder: Folder to write.

    Returns:
        list: The files. An object whose mask is empty has none.

    Raises:
        OSError: If one cannot be written.
    """
    files = []
    for number, row in enumerate(record['found'], 1):
        crop = cut_object(image, row['bbox'], row['segmentation'])
        if crop.size:
            name = fit_name(f'{record["file_name"]}-{number}{SUFFIX}')
            files.append(Path(folder, category_folder(classes[row['label']]), name))
            write_atomic(files[-1], cv2.imencode(SUFFIX, cv2.cvtColor(crop, cv2.COLOR_RGBA2BGRA))[1].tobytes())
    return files


def cut_object(image: np.ndarray, bbox: Sequence[float], outline: dict | list | None = None) -> np.ndarray:
    """Cut an object out of its image.

    Args:
        image: (H, W, 3) uint8, BGR.
        bbox: xywh, pixels.
        outline: Polygons or RLE of its mask; without one all of the box is opaque.

    Returns:
        np.ndarray: (h, w, 4) uint8, RGBA; of the mask's extent, and of the box's without a mask.
    """
    shape = image.shape[:2]
    if outline:
        rle = encode_segmentation(outline, shape)
        part, (left, top) = RLEMasks([rle], rle['size']).cut(0)
    else:
        x, y, width, height = bbox
        left, top = np.clip(np.floor((x, y)), 0, shape[::-1]).astype(int).tolist()
        right, bottom = np.clip(np.ceil((x + width, y + height)), 0, shape[::-1]).astype(int).tolist()
        part = np.ones((max(0, bottom - top), max(0, right - left)), bool)
    height, width = part.shape
    return np.dstack([image[top : top + height, left : left + width, ::-1], 255 * part.astype(np.uint8)])


def category_folder(name: str) -> str:
    """Name the folder of a category: letters of all alphabets and spaces stay, what a path may not hold is escaped."""
    safe = ''.join(sign if sign.isalnum() else quote(sign, safe=' ', errors='surrogateescape') for sign in name)
    return fit_name(f'%2E{safe[1:]}' if safe.startswith('.') else safe)
