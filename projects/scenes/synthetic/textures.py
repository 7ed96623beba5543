"""Textures: how the two colours of a palette are laid out on the surface of an object."""

from collections.abc import Callable

import numpy as np

from .noise_textures import NOISE_TEXTURES
from .surface import Array, Surface, TextureDraw, step, stripes, texture_coordinates, triangle_wave


def draw_texture(rng: np.random.Generator, frequency: tuple[float, float], balance: float) -> TextureDraw:
    """Draw frequency, orientation, phase and balance (at most ``balance`` either way) of one object's texture."""
    return TextureDraw(
        frequency=rng.uniform(*frequency),
        angle=rng.uniform(0, np.pi),
        phase=tuple(rng.uniform(0, 1, 2)),
        balance=rng.uniform(-balance, balance),
    )


def paint(texture: str, surface: Surface, draw: TextureDraw) -> Array:
    """Compute the fraction of the second colour at each pixel.

    Args:
        texture: A key of ``TEXTURES``.
        surface: Where the pixels lie on the object.
        draw: Frequency, orientation, phase and balance.

    Returns:
        (h, w) float32, 0 (first colour) to 1 (second colour), antialiased over about one pixel.
    """
    return TEXTURES[texture](surface, draw)


def _striped(surface: Surface, draw: TextureDraw) -> Array:
    return stripes(texture_coordinates(surface, draw)[0], surface, draw)


def _dotted(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return step(
        0.3 + 0.1 * draw.balance - np.hypot(triangle_wave(x), triangle_wave(y)),
        draw.frequency * surface.pixel,
    )


def _checked(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    waves = np.sin(2 * np.pi * 0.7 * x) * np.sin(2 * np.pi * 0.7 * y)
    return step(waves + 0.2 * draw.balance, 4 * draw.frequency * surface.pixel)


def _ringed(surface: Surface, draw: TextureDraw) -> Array:
    return stripes(draw.frequency * np.hypot(surface.u, surface.v) + draw.phase[0], surface, draw)


def _zigzag(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return stripes(x + 1.4 * triangle_wave(0.8 * y), surface, draw)


def _gridded(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return step(
        0.14 + 0.05 * draw.balance - np.minimum(triangle_wave(x), triangle_wave(y)),
        draw.frequency * surface.pixel,
    )


def _spoked(surface: Surface, draw: TextureDraw) -> Array:
    spokes = round(2.5 * draw.frequency)
    turn = np.arctan2(surface.v, surface.u)
    radius = np.maximum(np.hypot(surface.u, surface.v), surface.pixel)
    return step((np.sin(spokes * turn + 2 * np.pi * draw.phase[0]) + draw.balance) * radius, spokes * surface.pixel)


def _marbled(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    bent_x = x + 0.35 * np.sin(2 * np.pi * (0.6 * y + draw.phase[0]))
    bent_y = y + 0.35 * np.sin(2 * np.pi * (0.5 * x + draw.phase[1]))
    height = np.sin(3.3 * bent_x + 1.9 * bent_y) + np.sin(3.9 * bent_y - 1.3 * bent_x)
    return step(height + 0.5 * draw.balance, 6 * draw.frequency * surface.pixel)


def _rimmed(surface: Surface, draw: TextureDraw) -> Array:
    return step(0.17 + 0.06 * draw.balance - surface.depth, surface.pixel)


def _halved(surface: Surface, draw: TextureDraw) -> Array:
    side = np.cos(draw.angle) * surface.u + np.sin(draw.angle) * surface.v
    flipped = -side if draw.phase[0] < 0.5 else side
    return step(flipped + 0.3 * draw.balance, surface.pixel)


TEXTURES: dict[str, Callable[[Surface, TextureDraw], Array]] = {
    'striped': _striped,
    'dotted': _dotted,
    'spoked': _spoked,
    'rimmed': _rimmed,
    'checked': _checked,
    'marbled': _marbled,
    'ringed': _ringed,
    'halved': _halved,
    'gridded': _gridded,
    'zigzag': _zigzag,
    **NOISE_TEXTURES,
}
"""Name to the function that computes the fraction of the second colour."""
