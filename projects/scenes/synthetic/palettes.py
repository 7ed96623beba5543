"""Two-colour palettes. Half of the named ones average to nearly the same grey, so a mean colour says little."""

import colorsys

import numpy as np

from mmosis.utils.rng import generator

NUM_BLENDS = 50

_COLOURS = {
    'red': (214, 45, 50),
    'white': (242, 240, 232),
    'blue': (38, 92, 205),
    'green': (40, 150, 80),
    'yellow': (244, 204, 50),
    'purple': (128, 62, 165),
    'orange': (240, 132, 36),
    'black': (42, 42, 50),
    'teal': (30, 170, 175),
}

_PAIRS = (
    ('red', 'white'),
    ('blue', 'yellow'),
    ('black', 'white'),
    ('green', 'purple'),
    ('orange', 'blue'),
    ('blue', 'white'),
    ('red', 'teal'),
    ('black', 'yellow'),
    ('green', 'yellow'),
    ('purple', 'orange'),
)


def _blend(number: int) -> tuple[tuple[int, ...], ...]:
    """Make two colours, a function of a number: any hues, from grey to full, apart or close to each other."""
    rng = generator(0, 'blend', number)
    hues = rng.uniform(0, 1) + np.array([0, rng.uniform(-0.5, 0.5) * rng.uniform(0, 1)])
    saturations, values = rng.uniform(0, 1, 2), rng.uniform(0.15, 1, 2)
    pairs = zip(hues % 1, saturations, values, strict=True)
    return tuple(tuple(round(255 * channel) for channel in colorsys.hsv_to_rgb(*hsv)) for hsv in pairs)


BLENDS = {f'blend{number}': _blend(number) for number in range(1, NUM_BLENDS + 1)}
"""Palettes without a name, which only the rich vocabulary has: name to two RGB colours, 0 to 255."""

PALETTES = {f'{first}-{second}': (_COLOURS[first], _COLOURS[second]) for first, second in _PAIRS} | BLENDS
"""Name to two RGB colours, 0 to 255."""


def draw_colours(palette: str, rng: np.random.Generator, jitter: float) -> np.ndarray:
    """Draw the two colours of one object: the palette's with hue, saturation and value shifted.

    Args:
        palette: A key of ``PALETTES``.
        rng: Source of the shifts.
        jitter: Largest relative loss of saturation and value; the hue moves by at most a sixth of it (of a turn).

    Returns:
        (2, 3) float32, RGB, 0 to 255.
    """
    hue_shift = rng.uniform(-jitter, jitter) / 6
    gains = 1 - rng.uniform(0, jitter, (2, 2))
    return np.array([_shift(c, hue_shift, *gain) for c, gain in zip(PALETTES[palette], gains, strict=True)], np.float32)


def _shift(colour: tuple[int, int, int], hue_shift: float, saturation: float, value: float) -> tuple[float, ...]:
    hue, sat, val = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    return tuple(255 * channel for channel in colorsys.hsv_to_rgb((hue + hue_shift) % 1, sat * saturation, val * value))
