import numpy as np

from projects.scenes.synthetic.palettes import BLENDS, PALETTES, draw_colours


def test_without_jitter_the_colours_are_the_palettes():
    for name, colours in PALETTES.items():
        np.testing.assert_allclose(draw_colours(name, np.random.default_rng(0), 0), colours, atol=1e-3)


def test_jitter_moves_the_colours_a_little():
    drawn = np.array([draw_colours('red-white', np.random.default_rng(seed), 0.2) for seed in range(50)])
    assert drawn.std(0).max() > 5
    assert drawn.min() >= 0
    assert drawn.max() <= 255
    assert (drawn[:, 0, 0] > drawn[:, 0, 2]).all(), 'red stays redder than blue'


def test_half_of_the_named_palettes_have_nearly_the_same_mean_colour():
    means = np.array([np.mean(colours, 0) for name, colours in PALETTES.items() if name not in BLENDS])
    near = np.linalg.norm(means - np.median(means, 0), axis=1) < 60
    assert near.sum() >= len(means) // 2
