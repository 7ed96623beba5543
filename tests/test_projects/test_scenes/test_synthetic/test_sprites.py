import numpy as np
import pytest

from projects.scenes.synthetic import CATEGORIES, Appearance, SceneConfig
from projects.scenes.synthetic.sprites import draw_sprite

STILL = SceneConfig(rotation=0, aspect=1, shear=0, perspective=0, colour_jitter=0, shading=0, bevel=0)


def _draw(appearance, size=60, seed=0, config=None):
    return draw_sprite(appearance, size, np.random.default_rng(seed), config or SceneConfig())


@pytest.mark.parametrize('appearance', CATEGORIES[::9], ids=lambda appearance: appearance.name)
def test_longer_side_is_the_size_asked_for(appearance):
    for size in (14, 60):
        mask = _draw(appearance, size).alpha >= 0.5
        longer = max(np.ptp(np.flatnonzero(mask.any(axis))) + 1 for axis in (0, 1))
        assert abs(longer - size) <= 2


def test_a_disc_has_the_area_of_a_disc():
    sprite = _draw(Appearance('ring', 'halved', 'red-white'), 80, config=STILL)
    disc = np.pi * 40**2
    assert 0.5 < sprite.alpha.sum() / disc < 0.85, 'a ring lacks its hole: 0.45 to 0.65 of the radius'


def test_only_the_palette_shows_without_jitter_and_light():
    sprite = _draw(Appearance('cross', 'halved', 'black-white'), config=STILL)
    distance = [np.abs(sprite.colour - colour).max(-1) for colour in ((42, 42, 50), (242, 240, 232))]
    pure = np.minimum(*distance) < 1
    assert pure.mean() > 0.95
    assert [bool((d < 1).any()) for d in distance] == [True, True]


def test_the_border_is_darker_with_a_bevel():
    appearance = Appearance('disc', 'striped', 'red-white')
    plain, bevelled = (
        _draw(appearance, config=STILL),
        _draw(appearance, config=SceneConfig(**{**vars(STILL), 'bevel': 0.4})),
    )
    middle = tuple(length // 2 for length in plain.alpha.shape)
    rim = (plain.alpha > 0.3) & (plain.alpha < 0.9)
    assert np.allclose(bevelled.colour[middle], plain.colour[middle], rtol=0.02)
    assert bevelled.colour[rim].mean() < 0.9 * plain.colour[rim].mean()


def test_two_objects_of_a_category_differ_and_one_repeats():
    first, again, other = (_draw(CATEGORIES[3], seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.colour, again.colour)
    assert first.alpha.shape != other.alpha.shape or not np.allclose(first.alpha, other.alpha)
