import numpy as np
import pytest

from projects.scenes.synthetic.noise_textures import NOISE_TEXTURES, value_noise
from projects.scenes.synthetic.surface import Surface, TextureDraw
from projects.scenes.synthetic.textures import TEXTURES, draw_texture, paint


def _surface(side=64):
    u, v = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    depth = 1 - np.maximum(np.abs(u), np.abs(v))
    return Surface(u, v, depth, 2 / side)


@pytest.mark.parametrize('texture', TEXTURES)
def test_both_colours_show(texture):
    for seed in range(20):
        blend = paint(texture, _surface(), draw_texture(np.random.default_rng(seed), (1.5, 2.5), 0.35))
        if texture in NOISE_TEXTURES:
            assert 0 <= blend.min() < 0.25
            assert 0.75 < blend.max() <= 1
        else:
            assert (blend.min(), blend.max()) == (0, 1)
        assert 0.15 < blend.mean() < 0.85


def test_stripes_have_their_frequency_and_angle():
    blend = paint('striped', _surface(), TextureDraw(frequency=2, angle=0, phase=(0, 0), balance=0))
    assert np.allclose(blend, blend[0]), 'angle 0 varies along u alone'
    assert (np.diff(np.sign(blend[0] - 0.5)) != 0).sum() in (7, 8, 9), '2 periods a unit: 4 over the box'


def test_rim_follows_the_depth():
    surface = _surface()
    blend = paint('rimmed', surface, TextureDraw(2, 0, (0, 0), 0))
    assert blend[surface.depth < 0.1].min() == 1
    assert blend[surface.depth > 0.3].max() == 0


def test_halves_cover_half_each():
    blend = paint('halved', _surface(), TextureDraw(2, 1.0, (0, 0), 0))
    assert np.isclose(blend.mean(), 0.5, atol=0.02)


def test_draws_vary_and_repeat():
    draws = [draw_texture(np.random.default_rng(seed), (1, 2), 0.3) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    assert 1 <= draws[0].frequency <= 2
    assert abs(draws[0].balance) <= 0.3


def test_noise_is_smooth_within_its_range_and_another_with_another_shift():
    x, y = np.meshgrid(np.linspace(-5, 5, 200), np.linspace(-5, 5, 200))
    noise, other = (value_noise(x, y, (shift, 0.3)) for shift in (0.1, 0.2))
    assert 0 <= noise.min() < 0.1
    assert 0.9 < noise.max() <= 1
    assert np.abs(np.diff(noise)).max() < 0.1
    assert abs(np.corrcoef(noise.ravel(), other.ravel())[0, 1]) < 0.4
