import numpy as np
import pytest

from projects.scenes.omniglot import ClutterConfig, make_scene, read_characters

CONFIG = ClutterConfig(image_size=128)


@pytest.fixture
def drawings(make_zip):
    return {2 * index: c.drawings[:10] for index, c in enumerate(read_characters([make_zip()]))}


def test_image_and_masks_have_their_types(drawings):
    for index in range(4):
        scene = make_scene(index, 0, drawings, CONFIG)
        assert (scene.image.shape, scene.image.dtype) == ((128, 128, 3), np.uint8)
        assert {i.category for i in scene.instances} <= set(drawings)
        assert all(i.mask.shape == (128, 128) and i.mask.dtype == bool and i.mask.any() for i in scene.instances)
        assert sum(i.mask.astype(int) for i in scene.instances).max() == 1
        assert not any(i.crowd for i in scene.instances)


def test_a_scene_is_a_function_of_seed_and_index(drawings):
    first, again, next_one, other_seed = (
        make_scene(i, s, drawings, CONFIG) for i, s in ((7, 3), (7, 3), (8, 3), (7, 4))
    )
    np.testing.assert_array_equal(first.image, again.image)
    assert all((a.mask == b.mask).all() for a, b in zip(first.instances, again.instances, strict=True))
    assert (first.image != next_one.image).mean() > 0.5
    assert (first.image != other_seed.image).mean() > 0.5


def test_masks_are_the_strokes(drawings):
    """With one colour, no clutter and no camera, masks are the pixels nearer to it than to the background."""
    config = ClutterConfig(image_size=128, colours='one', num_clutter=(0, 0), blur=0, noise=0)
    for index in range(5):
        scene = make_scene(index, 0, drawings, config)
        image = scene.image.astype(float)
        union = np.any([instance.mask for instance in scene.instances], 0)
        background, colour = image[0, 0], np.median(image[union], axis=0)
        coverage = ((image - background) @ (colour - background)) / ((colour - background) ** 2).sum()
        # Where strokes cross, pixels that none covers half may be covered half by two.
        assert ((coverage > 0.5) != union).mean() < 0.01
        assert union.mean() > 0.02


def test_clutter_is_drawn_but_not_annotated(drawings):
    config = ClutterConfig(image_size=128, num_clutter=(8, 8), blur=0, noise=0)
    for index in range(4):
        scene = make_scene(index, 0, drawings, config)
        union = np.any([instance.mask for instance in scene.instances], 0)
        corner = np.median(scene.image.reshape(-1, 3), axis=0)
        foreign = (np.abs(scene.image - corner).sum(-1) > 60) & ~union
        assert foreign.sum() > 40
