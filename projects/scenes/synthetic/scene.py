"""One scene: an image and the instances that are annotated in it."""

from mmosis.utils.rng import generator
from projects.scenes.canvas import Canvas, apply_camera, light_scene
from projects.scenes.coco_writer import Scene

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
        canvas.put(planned, draw_sprite(planned.appearance, planned.size, planned.rng, config))
    image = light_scene(canvas.image, camera_rng, config.shading, config.tint)
    return Scene(apply_camera(image, camera_rng, config.blur, config.noise), canvas.instances())
