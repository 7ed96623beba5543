import numpy as np

from projects.scenes.synthetic import SceneConfig
from projects.scenes.synthetic.background import draw_background


def test_background_has_the_shape_of_the_image_and_varies():
    drawn = [draw_background(np.random.default_rng(seed), SceneConfig(image_size=96)) for seed in range(5)]
    assert all(image.shape == (96, 96, 3) and image.dtype == np.float32 for image in drawn)
    assert np.std([image.mean((0, 1)) for image in drawn], axis=0).min() > 5
    assert min(image.std((0, 1)).max() for image in drawn) > 3


def test_without_texture_and_clutter_a_gradient_is_left():
    config = SceneConfig(image_size=96, clutter_contrast=0, num_clutter=(0, 0))
    image = draw_background(np.random.default_rng(0), config)
    assert np.abs(np.diff(image, axis=1)).max() < 3
