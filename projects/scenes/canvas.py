"""Canvas: an image that sprites are drawn into, and which of them owns each pixel."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from .coco_writer import Instance


class Sprite(NamedTuple):
    """A drawn object.

    Attributes:
        colour: (h, w, 3) float32, RGB, 0 to 255.
        alpha: (h, w) float32, 0 (outside) to 1; from 0.5 a pixel belongs to the object.
        shadow: (h, w) float32, the fraction of light that it takes from what lies behind, if it casts a shadow.
    """

    colour: np.ndarray
    alpha: np.ndarray
    shadow: np.ndarray | None = None


@dataclass(frozen=True)
class Placement:
    """How an object goes into the scene.

    Attributes:
        category: Index of its category; None if it is not annotated.
        crowd: Whether it belongs to the scene's crowd of its category.
        places: (P, 2) centres to try in turn, xy pixels.
        may_occlude: Whether it may cover others.
    """

    category: int | None
    crowd: bool
    places: np.ndarray
    may_occlude: bool


class Canvas:
    """The image while it is drawn, and which object owns each pixel.

    Args:
        image: (h, w, 3) float32, RGB, 0 to 255; drawn into.
        min_visible: Least fraction of every object that stays visible.
    """

    def __init__(self, image: np.ndarray, min_visible: float) -> None:
        self.image = image
        self._min_visible = min_visible
        self._owner = np.zeros(image.shape[:2], np.intp)
        self._placed: list[Placement | None] = [None]
        self._area, self._visible = np.zeros(1), np.zeros(1)

    def put(self, placement: Placement, sprite: Sprite) -> None:
        """Draw an object at the first of its places where it leaves enough of itself and of the others visible."""
        for place in placement.places:
            corner = np.round(place - np.array(sprite.alpha.shape[::-1]) / 2).astype(int)
            target, source = _overlap(corner, sprite.alpha.shape, self._owner.shape)
            mask = sprite.alpha[source] >= 0.5
            covered = np.bincount(self._owner[target][mask], minlength=len(self._placed))
            if self._fits(placement, sprite, mask, covered):
                self._draw(placement, sprite, target, source, covered)
                break

    def take_in(self, placement: Placement, mask: np.ndarray, area: float) -> None:
        """Take in an object that the image shows already.

        Args:
            placement: Its category, and whether it is of a crowd; its places are of no account.
            mask: (h, w) bool, its pixels; they are of no other object.
            area: Its pixels in all, of which some may be outside the image.
        """
        self._owner[mask] = len(self._placed)
        self._note(placement, mask.sum(), area)

    def instances(self) -> tuple[Instance, ...]:
        """Collect what is annotated: each object of a category, the crowd of a category as one."""
        found = [
            Instance(placement.category, self._owner == number, False)
            for number, placement in enumerate(self._placed)
            if placement and placement.category is not None and not placement.crowd
        ]
        crowds: dict[int, list[int]] = {}
        for number, placement in enumerate(self._placed):
            if placement and placement.crowd:
                crowds.setdefault(placement.category, []).append(number)
        found += [Instance(category, np.isin(self._owner, members), True) for category, members in crowds.items()]
        return tuple(found)

    def _fits(self, placement: Placement, sprite: Sprite, mask: np.ndarray, covered: np.ndarray) -> bool:
        if mask.sum() < self._min_visible * (sprite.alpha >= 0.5).sum():
            return False
        if not placement.may_occlude:
            return not covered[1:].any()
        members = np.array([placement is not None and placement.crowd for placement in self._placed])
        enough = self._visible - covered >= self._min_visible * self._area
        return bool((enough | members)[1:].all())

    def _draw(self, placement: Placement, sprite: Sprite, target: tuple, source: tuple, covered: np.ndarray) -> None:
        alpha = sprite.alpha[source]
        mask = alpha >= 0.5
        self._owner[target][mask] = len(self._placed)
        self._visible = self._visible - covered
        self._note(placement, mask.sum(), (sprite.alpha >= 0.5).sum())
        if sprite.shadow is not None:
            self.image[target] *= 1 - sprite.shadow[source][..., None]
        self.image[target] += alpha[..., None] * (sprite.colour[source] - self.image[target])

    def _note(self, placement: Placement, visible: float, area: float) -> None:
        self._placed.append(placement)
        self._visible, self._area = np.append(self._visible, visible), np.append(self._area, area)


def _overlap(corner: np.ndarray, patch: tuple[int, int], image: tuple[int, int]) -> tuple[tuple, tuple]:
    """Return the slices of the image, and of a patch with its corner at xy ``corner``, where the two meet."""
    target, source = [], []
    for start, length, limit in zip(corner[::-1], patch, image, strict=True):
        low, high = max(start, 0), min(start + length, limit)
        target.append(slice(low, high))
        source.append(slice(low - start, high - start))
    return tuple(target), tuple(source)


def light_scene(image: np.ndarray, rng: np.random.Generator, shading: float, tint: float) -> np.ndarray:
    """Light and tint a scene.

    Args:
        image: (h, w, 3) float32, 0 to 255.
        rng: Source of how much of each.
        shading: Largest relative change of light across the scene.
        tint: Largest relative gain of one colour channel.

    Returns:
        (h, w, 3) float32.
    """
    corners = 1 + rng.uniform(-shading, shading, (2, 2)) / 2
    light = cv2.resize(corners.astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return image * light[..., None] * (1 + rng.uniform(-tint, tint, 3)).astype(np.float32)


def apply_camera(image: np.ndarray, rng: np.random.Generator, blur: float, noise: float) -> np.ndarray:
    """Blur a drawn image and add noise, as a camera does.

    Args:
        image: (h, w, 3) float32, 0 to 255.
        rng: Source of how much of each.
        blur: Largest standard deviation of the blur in pixels.
        noise: Largest standard deviation of the noise, which is grey, 0 to 255.

    Returns:
        (h, w, 3) uint8.
    """
    sigma = rng.uniform(0, blur)
    if sigma > 0.3:  # less would not show
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    grain = rng.standard_normal(image.shape[:2], np.float32) * np.float32(rng.uniform(0, noise))
    return np.clip(image + grain[..., None], 0, 255).astype(np.uint8)
