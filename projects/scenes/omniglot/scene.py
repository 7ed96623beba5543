"""One scene: an image and the characters that are annotated in it."""

import numpy as np

from mmosis.utils.rng import generator
from projects.scenes.canvas import Canvas, Sprite, apply_camera
from projects.scenes.coco_writer import Scene

from .config import ClutterConfig
from .planning import Drawings, plan_scene
from .strokes import draw_strokes


def make_scene(index: int, seed: int, drawings: Drawings, config: ClutterConfig) -> Scene:
    """Make one scene, a function of its arguments alone.

    Args:
        index: Number of the scene, from 0.
        seed: Seed of the data set, >= 0.
        drawings: Drawings (PNG files) of each category that may show, by its index; nothing else can show.
        config: Difficulty.
    """
    rng = generator(seed, 'cluttered omniglot', index)
    background, planned = plan_scene(rng, drawings, config)
    image = np.empty((config.image_size, config.image_size, 3), np.float32)
    image[:] = background
    canvas = Canvas(image, config.min_visible)
    for strokes in planned:
        alpha = draw_strokes(strokes, config.min_stroke)
        canvas.put(strokes, Sprite(np.broadcast_to(strokes.colour, (*alpha.shape, 3)), alpha))
    return Scene(apply_camera(canvas.image, rng, config.blur, config.noise), canvas.instances())
