"""Background: a piece of a photograph, with the objects that it shows."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmosis.utils.image import decode_image
from mmosis.utils.json_file import read_json
from projects.scenes.canvas import Canvas, Placement

from .config import ComposeConfig

_NOWHERE = np.empty((0, 2))


@dataclass(frozen=True)
class Crop:
    """A square piece of a photograph: corner xy and side in its pixels, and whether it is mirrored."""

    corner: tuple[int, int]
    side: int
    mirrored: bool

    def cut(self, image: np.ndarray, size: int) -> np.ndarray:
        """Cut the piece out of an image or a mask, uint8, and resize it to a side of ``size``."""
        (x, y), side = self.corner, self.side
        how = cv2.INTER_AREA if size < side else cv2.INTER_LINEAR
        piece = cv2.resize(image[y : y + side, x : x + side], (size, size), interpolation=how)
        return piece[:, ::-1] if self.mirrored else piece


def make_background(file: Path, rng: np.random.Generator, numbers: dict[str, int], config: ComposeConfig) -> Canvas:
    """Begin a scene with a piece of a photograph.

    Objects of which too little is left, or that are too small, are annotated as crowd: neither match nor non-match.

    Args:
        file: The photograph's files without extension.
        rng: Source of the piece.
        numbers: Number of a category by name.
        config: How scenes are composed.
    """
    path = file.with_suffix('.jpg')
    image = cv2.cvtColor(decode_image(path.read_bytes(), str(path)), cv2.COLOR_BGR2RGB)
    crop = _draw_crop(image.shape[:2], rng, config)
    canvas = Canvas(crop.cut(image, config.image_size).astype(np.float32), config.min_visible)
    enlarged = (config.image_size / crop.side) ** 2
    found = []
    for entry in read_json(file.with_suffix('.json')):
        mask = mask_utils.decode(dict(size=entry['size'], counts=entry['counts']))
        shown = crop.cut(255 * mask, config.image_size) >= 128
        if shown.any():
            found.append((mask.sum() * enlarged, shown, entry))
    owner = np.zeros((config.image_size, config.image_size), int)
    found.sort(key=lambda item: -item[0])  # small ones stand on large ones
    for number, (_, shown, _) in enumerate(found, 1):
        owner[shown] = number
    for number, (area, _, entry) in enumerate(found, 1):
        mask = owner == number
        crowd = entry['crowd'] or _is_small(mask, config.min_side) or mask.sum() < config.min_visible * area
        canvas.take_in(Placement(numbers[entry['kind']], crowd, _NOWHERE, False), mask, area)
    return canvas


def _draw_crop(shape: tuple[int, int], rng: np.random.Generator, config: ComposeConfig) -> Crop:
    side = round(min(shape) * rng.uniform(*config.ground_crop))
    y, x = (int(rng.integers(length - side + 1)) for length in shape)
    return Crop((x, y), side, bool(rng.random() < 0.5))


def _is_small(mask: np.ndarray, min_side: int) -> bool:
    return min(mask.any(0).sum(), mask.any(1).sum()) < min_side
