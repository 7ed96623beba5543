"""One scene: an image and the instances that are annotated in it."""

from dataclasses import dataclass

import cv2
import numpy as np

from mmosis.utils.rng import generator

from .background import draw_background
from .config import SceneConfig
from .planning import Planned, plan_scene
from .sprites import Sprite, draw_sprite


@dataclass(frozen=True)
class Instance:
    """What is annotated of one object, or of one crowd.

    Attributes:
        category: Index in ``CATEGORIES``.
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


def make_scene(seed: int, index: int, config: SceneConfig) -> Scene:
    """Make one scene, a function of (seed, index, config) alone.

    Args:
        seed: Seed of the data set, >= 0.
        index: Number of the scene, from 0.
        config: Difficulty.
    """
    rng = generator(seed, 'scene', index)
    background_rng, camera_rng = rng.spawn(2)
    canvas = _Canvas(draw_background(background_rng, config), config)
    for planned in plan_scene(rng, config):
        canvas.put(planned, draw_sprite(planned.look, planned.size, planned.rng, config))
    return Scene(_take_picture(canvas.image, camera_rng, config), canvas.instances())


class _Canvas:
    """The image while it is drawn, and which object owns each pixel."""

    def __init__(self, image: np.ndarray, config: SceneConfig) -> None:
        self.image = image
        self._config = config
        self._owner = np.zeros(image.shape[:2], np.intp)
        self._placed: list[Planned | None] = [None]
        self._area, self._visible = np.zeros(1), np.zeros(1)

    def put(self, planned: Planned, sprite: Sprite) -> None:
        """Draw an object at the first of its places where it leaves enough of itself and of the others visible."""
        for place in planned.places:
            corner = np.round(place - np.array(sprite.alpha.shape[::-1]) / 2).astype(int)
            target, source = _overlap(corner, sprite.alpha.shape, self._owner.shape)
            mask = sprite.alpha[source] >= 0.5
            covered = np.bincount(self._owner[target][mask], minlength=len(self._placed))
            if self._fits(planned, sprite, mask, covered):
                self._draw(planned, sprite, target, source, covered)
                break

    def instances(self) -> tuple[Instance, ...]:
        """Collect what is annotated: each object of a category, the crowd as one."""
        found = [
            Instance(planned.category, self._owner == number, False)
            for number, planned in enumerate(self._placed)
            if planned and planned.category is not None and not planned.crowd
        ]
        crowd = [number for number, planned in enumerate(self._placed) if planned and planned.crowd]
        if crowd:
            found.append(Instance(self._placed[crowd[0]].category, np.isin(self._owner, crowd), True))
        return tuple(found)

    def _fits(self, planned: Planned, sprite: Sprite, mask: np.ndarray, covered: np.ndarray) -> bool:
        if mask.sum() < self._config.min_visible * (sprite.alpha >= 0.5).sum():
            return False
        if not planned.may_occlude:
            return not covered[1:].any()
        members = np.array([planned is not None and planned.crowd for planned in self._placed])
        enough = self._visible - covered >= self._config.min_visible * self._area
        return bool((enough | members)[1:].all())

    def _draw(self, planned: Planned, sprite: Sprite, target: tuple, source: tuple, covered: np.ndarray) -> None:
        alpha = sprite.alpha[source]
        mask = alpha >= 0.5
        self._owner[target][mask] = len(self._placed)
        self._placed.append(planned)
        self._visible = np.append(self._visible - covered, mask.sum())
        self._area = np.append(self._area, (sprite.alpha >= 0.5).sum())
        self.image[target] += alpha[..., None] * (sprite.colour[source] - self.image[target])


def _overlap(corner: np.ndarray, patch: tuple[int, int], image: tuple[int, int]) -> tuple[tuple, tuple]:
    """Return the slices of the image, and of a patch with its corner at xy ``corner``, where the two meet."""
    target, source = [], []
    for start, length, limit in zip(corner[::-1], patch, image, strict=True):
        low, high = max(start, 0), min(start + length, limit)
        target.append(slice(low, high))
        source.append(slice(low - start, high - start))
    return tuple(target), tuple(source)


def _take_picture(image: np.ndarray, rng: np.random.Generator, config: SceneConfig) -> np.ndarray:
    """Light, tint, blur and noise of the whole scene; float to uint8."""
    side = image.shape[0]
    corners = 1 + rng.uniform(-config.shading, config.shading, (2, 2)) / 2
    light = cv2.resize(corners.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    image = image * light[..., None] * (1 + rng.uniform(-config.tint, config.tint, 3)).astype(np.float32)
    blur = rng.uniform(0, config.blur)
    if blur > 0.3:  # less would not show
        image = cv2.GaussianBlur(image, (0, 0), blur)
    noise = rng.standard_normal((side, side), np.float32) * np.float32(rng.uniform(0, config.noise))
    return np.clip(image + noise[..., None], 0, 255).astype(np.uint8)
