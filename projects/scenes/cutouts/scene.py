"""One scene: an image and the instances that are annotated in it."""

import cv2
import numpy as np

from mmosis.utils.rng import generator
from projects.scenes.canvas import apply_camera, light_scene
from projects.scenes.coco_writer import Scene

from .background import make_background
from .catalogue import Catalogue
from .config import ComposeConfig
from .planning import plan_scene
from .sprites import draw_sprite


def compose_scene(index: int, seed: int, catalogue: Catalogue, config: ComposeConfig) -> Scene:
    """Compose one scene, a function of its arguments alone.

    Args:
        index: Number of the scene, from 0.
        seed: Seed of the data set, >= 0.
        catalogue: What there is to show.
        config: How scenes are composed.
    """
    rng = generator(seed, 'composed scene', index)
    background_rng, camera_rng = rng.spawn(2)
    canvas = make_background(catalogue.draw_background(background_rng), background_rng, catalogue.numbers, config)
    for planned in plan_scene(index, seed, rng, catalogue, config):
        canvas.put(planned, draw_sprite(planned, config))
    image = light_scene(canvas.image, camera_rng, config.shading, config.tint)
    image = _compress(apply_camera(image, camera_rng, config.blur, config.noise), camera_rng, config)
    return Scene(image, tuple(instance for instance in canvas.instances() if instance.mask.any()))


def _compress(image: np.ndarray, rng: np.random.Generator, config: ComposeConfig) -> np.ndarray:
    """Compress an image and decode it again, RGB as it was."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(config.jpeg[0], config.jpeg[1] + 1))]
    _, encoded = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    return cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
