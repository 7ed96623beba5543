"""One scene: an image and the instances that are annotated in it."""

import cv2
import numpy as np

from mmosis.utils.canvas import Canvas, take_picture
from mmosis.utils.coco_writer import Scene
from mmosis.utils.rng import generator

from .background import draw_background
from .config import SceneConfig
from .planning import plan_scene
from .sprites import draw_sprite


def make_scene(seed: int, index: int, config: SceneConfig) -> Scene:
    """Make one scene, a function of (seed, index, config) alone.

    Args:
        seed: Seed of the data set, >= 0.
        index: Number of the scene, from 0.
        config: Difficulty.
    """
    rng = generator(seed, 'scene', index)
    background_rng, camera_rng = rng.spawn(2)
    canvas = Canvas(draw_background(background_rng, config), config.min_visible)
    for planned in plan_scene(rng, config):
        canvas.put(planned, draw_sprite(planned.look, planned.size, planned.rng, config))
    image = _light(canvas.image, camera_rng, config)
    return Scene(take_picture(image, camera_rng, config.blur, config.noise), canvas.instances())


def _light(image: np.ndarray, rng: np.random.Generator, config: SceneConfig) -> np.ndarray:
    """Light and tint the whole scene."""
    side = image.shape[0]
    corners = 1 + rng.uniform(-config.shading, config.shading, (2, 2)) / 2
    light = cv2.resize(corners.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    return image * light[..., None] * (1 + rng.uniform(-config.tint, config.tint, 3)).astype(np.float32)
