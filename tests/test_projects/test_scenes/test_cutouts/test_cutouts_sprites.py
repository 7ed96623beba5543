from dataclasses import replace

import cv2
import numpy as np
import pytest

from projects.scenes.cutouts import ComposeConfig
from projects.scenes.cutouts.cutout_categories import Cutout
from projects.scenes.cutouts.planning import Planned
from projects.scenes.cutouts.sprites import draw_sprite

PLAIN = ComposeConfig(
    rotation=0,
    turned_prob=0,
    aspect=1,
    shear=0,
    perspective=0,
    gain=1,
    gamma=1,
    hue=0,
    saturation=0,
    shading=0,
    softness=0,
    shadow_prob=0,
)


@pytest.fixture
def cutout(tmp_path):
    """A cut-out with its margin: 80 x 40, the left half red, the right half green."""
    patch = np.zeros((46, 86, 4), np.uint8)
    patch[:, :43], patch[:, 43:] = (0, 0, 200, 0), (0, 200, 0, 0)
    patch[3:-3, 3:-3, 3] = 255
    cv2.imwrite(str(tmp_path / 'a.png'), patch)
    return Cutout(tmp_path / 'a.png', (80, 40), np.zeros(1))


def _draw(cutout, size, seed=0, **settings):
    planned = Planned(0, False, np.zeros((1, 2)), True, cutout, size, np.random.default_rng(seed))
    return draw_sprite(planned, replace(PLAIN, **settings))


@pytest.mark.parametrize('size', [20, 86, 200])
def test_without_variation_it_is_the_cut_out_at_its_size(cutout, size):
    sprite = _draw(cutout, size)
    inside = sprite.alpha >= 0.5
    assert inside.any(0).sum() == pytest.approx(size * 80 / 85, abs=2)
    assert inside.any(1).sum() == pytest.approx(size * 40 / 85, abs=2)
    assert sprite.shadow is None
    colours = sprite.colour[inside]
    assert np.abs(colours[:, 2]).max() <= 1, 'no blue'
    assert colours[:, 0].mean() == pytest.approx(100, abs=6)
    assert colours[:, 1].mean() == pytest.approx(100, abs=6)


def test_it_is_mirrored_half_of_the_time(cutout):
    left = [_draw(cutout, 60, seed).colour[20, 20, 0] > 100 for seed in range(30)]
    assert 5 < sum(left) < 25


def test_turned_by_any_angle(cutout):
    shapes = [_draw(cutout, 60, seed, turned_prob=1).alpha.shape for seed in range(20)]
    assert any(height > width for height, width in shapes)
    assert any(height < width for height, width in shapes)


@pytest.mark.parametrize('change', [dict(gain=2), dict(gamma=2), dict(hue=60), dict(saturation=0.5), dict(shading=0.5)])
def test_light_changes_the_colours_alone(cutout, change):
    plain, changed = _draw(cutout, 60), _draw(cutout, 60, **change)
    inside = plain.alpha >= 0.5
    np.testing.assert_array_equal(changed.alpha, plain.alpha)
    assert np.abs(changed.colour - plain.colour)[inside].max() > 5
    assert 0 <= changed.colour.min() <= changed.colour.max() <= 255


def test_a_soft_border_is_half_way_at_the_same_place(cutout):
    plain, soft = _draw(cutout, 86), _draw(cutout, 86, seed=1, softness=2.0)
    between = (soft.alpha > 0.05) & (soft.alpha < 0.95)
    assert between.sum() > 2 * ((plain.alpha > 0.05) & (plain.alpha < 0.95)).sum()
    assert (soft.alpha >= 0.5).sum() == pytest.approx((plain.alpha >= 0.5).sum(), rel=0.03)


def test_a_shadow_takes_some_light_around_the_object(cutout):
    plain, sprite = _draw(cutout, 86), _draw(cutout, 86, shadow_prob=1, shadow=(0.4, 0.4))
    assert sprite.shadow.shape == sprite.alpha.shape > plain.alpha.shape
    assert 0.3 < sprite.shadow.max() <= 0.4
    assert (sprite.shadow[sprite.alpha == 0] > 0.1).any()
    assert sprite.shadow[0].max() < 0.1
    assert (sprite.alpha >= 0.5).sum() == (plain.alpha >= 0.5).sum()


@pytest.mark.parametrize('size', [12, 30, 120])
def test_nothing_of_the_object_lies_beyond_it(cutout, size):
    """A much reduced cut-out has less than a pixel around it."""
    for seed in range(9):
        alpha = _draw(cutout, size, seed, turned_prob=1).alpha
        assert not np.concatenate([alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]]).any()
        hull = cv2.convexHull(np.argwhere(alpha >= 0.5)[:, ::-1].astype(np.int32))
        assert alpha.sum() == pytest.approx((alpha >= 0.5).sum(), rel=0.15)
        assert (alpha >= 0.5).sum() > 0.95 * cv2.contourArea(hull)
