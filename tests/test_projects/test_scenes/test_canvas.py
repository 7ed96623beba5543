import numpy as np
import pytest

from projects.scenes.canvas import Canvas, Placement, Sprite, apply_camera, light_scene


def _place(*centres, category=0, crowd=False, may_occlude=True):
    return Placement(category, crowd, np.array(centres, float), may_occlude)


def _square(side, colour=200.0, coverage=1.0):
    return Sprite(np.full((side, side, 3), colour, np.float32), np.full((side, side), coverage, np.float32))


@pytest.fixture
def canvas():
    return Canvas(np.zeros((40, 40, 3), np.float32), min_visible=0.5)


def test_a_sprite_is_centred_on_its_place_and_blended_by_its_coverage(canvas):
    canvas.put(_place((10, 20), category=3), _square(4, coverage=0.75))
    (instance,) = canvas.instances()
    expected = np.zeros((40, 40), bool)
    expected[18:22, 8:12] = True
    assert instance.category == 3
    np.testing.assert_array_equal(instance.mask, expected)
    np.testing.assert_array_equal(canvas.image[..., 0], np.where(expected, 150, 0))


def test_pixels_covered_less_than_half_are_drawn_but_not_owned(canvas):
    canvas.put(_place((10, 20)), _square(4, coverage=0.4))
    assert canvas.image[20, 10, 0] == pytest.approx(80)
    assert not canvas.instances()[0].mask.any()


def test_later_ones_are_in_front_as_far_as_the_least_visible_fraction_allows(canvas):
    canvas.put(_place((10, 10), category=1), _square(8))
    canvas.put(_place((10, 10), (16, 10), (14, 10), category=2), _square(8, 100.0))
    first, second = canvas.instances()
    assert (first.mask.sum(), second.mask.sum()) == (64 - 2 * 8, 64), 'the first place hides too much, the second fits'
    canvas.put(_place((10, 10), category=3), _square(8))
    assert len(canvas.instances()) == 2, 'no room: dropped'


def test_one_that_may_not_occlude_waits_for_a_free_place(canvas):
    canvas.put(_place((10, 10)), _square(8))
    canvas.put(_place((16, 10), (20, 10), may_occlude=False), _square(8))
    assert [instance.mask.sum() for instance in canvas.instances()] == [64, 64]


def test_enough_of_a_sprite_is_inside_the_image(canvas):
    canvas.put(_place((-2, 20), (2, 20)), _square(8))
    (instance,) = canvas.instances()
    assert instance.mask.sum() == 6 * 8


def test_what_has_no_category_covers_but_is_not_annotated_and_a_crowd_is_one(canvas):
    canvas.put(_place((10, 10), category=1), _square(8))
    canvas.put(_place((16, 10), category=None), _square(8))
    for x in (10, 20, 30):
        canvas.put(_place((x, 30), category=2, crowd=True), _square(4))
    single, crowd = canvas.instances()
    assert (single.category, single.mask.sum(), single.crowd) == (1, 48, False)
    assert (crowd.category, crowd.mask.sum(), crowd.crowd) == (2, 48, True)


def test_crowds_of_two_categories_are_two(canvas):
    for x, category in ((10, 1), (20, 2), (30, 1)):
        canvas.put(_place((x, 30), category=category, crowd=True), _square(4))
    assert [(crowd.category, crowd.mask.sum(), crowd.crowd) for crowd in canvas.instances()] == [
        (1, 32, True),
        (2, 16, True),
    ]


def test_an_object_that_the_image_shows_is_protected_as_one_that_was_drawn(canvas):
    mask = np.zeros((40, 40), bool)
    mask[6:14, 6:14] = True
    canvas.take_in(_place(category=5), mask, area=100)
    canvas.put(_place((10, 10), (14, 10), category=1), _square(8))
    assert len(canvas.instances()) == 1, '64 - 32 of 100 would be left'
    canvas.put(_place((17, 10), category=1), _square(8))
    found, drawn = canvas.instances()
    assert (found.category, found.mask.sum(), drawn.mask.sum()) == (5, 64 - 8, 64)


def test_a_shadow_darkens_what_lies_behind(canvas):
    canvas.image[:] = 100
    sprite = _square(4)
    sprite.alpha[:, 2:] = 0
    canvas.put(_place((10, 10)), sprite._replace(shadow=np.full((4, 4), 0.25, np.float32)))
    np.testing.assert_array_equal(canvas.image[10, 7:13, 0], [100, 200, 200, 75, 75, 100])


def test_a_scene_is_lit_and_tinted_within_its_limits():
    image = np.full((16, 16, 3), 100, np.float32)
    np.testing.assert_array_equal(light_scene(image, np.random.default_rng(0), shading=0, tint=0), image)
    tinted = light_scene(image, np.random.default_rng(0), shading=0, tint=0.1)
    assert np.ptp(tinted[..., 0]) == 0 < np.ptp(tinted[0, 0])
    shaded = light_scene(image, np.random.default_rng(0), shading=0.4, tint=0)
    assert 80 <= shaded.min() < shaded.max() <= 120


def test_an_image_is_blurred_grainy_and_clipped():
    image = np.zeros((64, 64, 3), np.float32)
    image[:, 32:] = 300
    sharp = apply_camera(image, np.random.default_rng(0), blur=0, noise=0)
    np.testing.assert_array_equal(sharp, np.clip(image, 0, 255).astype(np.uint8))
    taken = [apply_camera(image, np.random.default_rng(seed), blur=2, noise=10) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(taken[0], taken[1])
    assert (taken[0] != taken[2]).any()
    assert (taken[0] == taken[0][..., :1]).all(), 'the noise is grey'
    assert taken[0][:, 31].mean() > 60 > taken[0][:, 20].mean(), 'the edge is blurred'
    assert taken[0][:, 10].std() > 0
