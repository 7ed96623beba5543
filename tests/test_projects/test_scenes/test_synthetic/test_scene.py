import numpy as np

from mmosis.utils.rng import generator
from projects.scenes.canvas import Canvas
from projects.scenes.synthetic import SceneConfig, make_scene
from projects.scenes.synthetic.planning import plan_scene
from projects.scenes.synthetic.sprites import draw_sprite

CONFIG = SceneConfig(image_size=128, crowd_prob=0.5)


def _scenes(num=12, config=CONFIG):
    return [make_scene(0, index, config) for index in range(num)]


def test_image_and_masks_have_their_types():
    for scene in _scenes(3):
        assert (scene.image.shape, scene.image.dtype) == ((128, 128, 3), np.uint8)
        assert all(i.mask.shape == (128, 128) and i.mask.dtype == bool and i.mask.any() for i in scene.instances)


def test_visible_masks_do_not_overlap():
    for scene in _scenes():
        assert sum(instance.mask.astype(int) for instance in scene.instances).max() == 1


def test_a_crowd_comes_once_and_last():
    crowds = [[instance.crowd for instance in scene.instances] for scene in _scenes()]
    assert any(any(crowd) for crowd in crowds)
    assert all(sum(crowd) <= 1 and not any(crowd[:-1]) for crowd in crowds)


def test_a_scene_is_a_function_of_seed_and_index():
    first, again, next_one, other_seed = (make_scene(s, i, CONFIG) for s, i in ((3, 7), (3, 7), (3, 8), (4, 7)))
    np.testing.assert_array_equal(first.image, again.image)
    assert len(first.instances) == len(again.instances)
    assert (first.image != next_one.image).mean() > 0.5
    assert (first.image != other_seed.image).mean() > 0.5


def test_every_object_keeps_its_least_visible_fraction():
    config = SceneConfig(image_size=128, num_objects=(8, 9), occluder_prob=1.0, min_visible=0.5, crowd_prob=0.0)
    hidden = []
    for index in range(8):
        canvas = Canvas(np.zeros((128, 128, 3), np.float32), config.min_visible)
        for planned in plan_scene(generator(0, index), config):
            canvas.put(planned, draw_sprite(planned.appearance, planned.size, planned.rng, config))
        owners = np.bincount(canvas._owner.ravel(), minlength=len(canvas._area))[1:]
        np.testing.assert_array_equal(owners, canvas._visible[1:])
        hidden += list(1 - owners / canvas._area[1:])
    assert max(hidden) <= 0.5
    assert np.mean(np.array(hidden) > 0.05) > 0.1, 'occlusion does happen'


def test_nothing_covers_anything_without_occluders():
    config = SceneConfig(image_size=128, occluder_prob=0.0, crowd_prob=0.0)
    canvas = Canvas(np.zeros((128, 128, 3), np.float32), config.min_visible)
    for planned in plan_scene(generator(0), config):
        before = canvas._visible.copy()
        canvas.put(planned, draw_sprite(planned.appearance, planned.size, planned.rng, config))
        np.testing.assert_array_equal(canvas._visible[: len(before)][1:], before[1:])
    assert len(canvas._area) > 3
