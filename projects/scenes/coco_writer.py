"""write_scenes: write drawn scenes as a folder with a COCO annotation file."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmosis.utils.json_file import write_lists

from .journal import fill_journal, read_journal

# Full colour resolution: fine textures differ in colour alone. A JPEG decodes 2.4 times as fast as the same PNG.
_JPEG_OPTIONS = [
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
]


@dataclass(frozen=True)
class Instance:
    """What is annotated of one object, or of one crowd.

    Attributes:
        category: Index of its category.
        mask: (h, w) bool, the visible part.
        crowd: Whether it is a group of objects.
    """

    category: int
    mask: np.ndarray
    crowd: bool


@dataclass(frozen=True)
class Scene:
    """An image, (h, w, 3) uint8 RGB, with its instances."""

    image: np.ndarray
    instances: tuple[Instance, ...]


def write_scenes(
    out_dir: str | Path,
    num_images: int,
    make_scene: Callable[[int], Scene],
    categories: Sequence[tuple[str, str]],
    num_workers: int = 0,
    settings: dict | None = None,
) -> Path:
    """Write scenes in COCO format.

    A run that was stopped goes on where it stopped, and a longer one after the scenes that there are, to the files that
    one run would have written.

    Args:
        out_dir: Folder to write; gets ``images/*.jpg``, ``annotations.json`` and ``journal.jsonl``, what is done.
        num_images: How many scenes.
        make_scene: Makes scene i, a function of i alone; it is pickled for the workers.
        categories: Name and supercategory of each; their ids count from 1.
        num_workers: Processes to draw with; 0 draws in this one.
        settings: All that ``make_scene`` depends on, as JSON has it; without them every run begins anew.

    Returns:
        The annotation file. It is written last: where it is, the images are complete.

    Raises:
        ValueError: If ``num_images`` is not positive, or the folder has scenes of other settings.
    """
    if num_images < 1:
        raise ValueError(f'num_images must be at least 1, got {num_images}')
    out_dir = Path(out_dir)
    (out_dir / 'images').mkdir(parents=True, exist_ok=True)
    ann_file, journal = out_dir / 'annotations.json', out_dir / 'journal.jsonl'
    if settings is None or not journal.exists():
        journal.unlink(missing_ok=True)
        ann_file.unlink(missing_ok=True)
    write = partial(_write_scene, out_dir=out_dir, make_scene=make_scene)
    fill_journal(journal, dict(settings or {}, categories=_digest(categories)), write, num_images, num_workers)
    _join(ann_file, partial(read_journal, journal, num_images), categories)
    return ann_file


def _write_scene(index: int, out_dir: Path, make_scene: Callable[[int], Scene]) -> tuple[dict, list[dict]]:
    """Write one image; return its COCO record and its annotations without ids."""
    scene = make_scene(index)
    name = f'{index + 1:06d}.jpg'
    _, encoded = cv2.imencode('.jpg', cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR), _JPEG_OPTIONS)
    (out_dir / 'images' / name).write_bytes(encoded.tobytes())
    height, width = scene.image.shape[:2]
    image = dict(id=index + 1, file_name=name, width=width, height=height)
    return image, [_annotate(instance, index + 1) for instance in scene.instances]


def _annotate(instance: Instance, img_id: int) -> dict:
    rle = mask_utils.encode(np.asfortranarray(instance.mask, np.uint8))
    return dict(
        image_id=img_id,
        category_id=instance.category + 1,
        bbox=mask_utils.toBbox(rle).tolist(),
        area=float(mask_utils.area(rle)),
        iscrowd=int(instance.crowd),
        segmentation=dict(size=list(rle['size']), counts=rle['counts'].decode()),
    )


def _join(ann_file: Path, records: Callable[[], Iterator], categories: Sequence[tuple[str, str]]) -> None:
    """Write the annotation file from the records, piece by piece: all of it may be larger than the memory."""
    annotations = (annotation for _, found in records() for annotation in found)
    parts = dict(
        images=(image for image, _ in records()),
        annotations=(dict(id=number, **annotation) for number, annotation in enumerate(annotations, 1)),
        categories=(
            dict(id=number, name=name, supercategory=supercategory)
            for number, (name, supercategory) in enumerate(categories, 1)
        ),
    )
    write_lists(ann_file, parts)


def _digest(categories: Sequence[tuple[str, str]]) -> str:
    return hashlib.sha256(json.dumps(categories).encode()).hexdigest()
