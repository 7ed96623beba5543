"""Textures: how the two colours of a palette share the surface of an object."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Surface:
    """Coordinates of the pixels of an object.

    Attributes:
        u: (h, w) horizontal position in the object's frame, -1 to 1 inside the outline's box.
        v: (h, w) vertical position in the same frame.
        depth: (h, w) distance to the outline in the same unit, 0 outside.
        pixel: Width of one image pixel in the same unit.
    """

    u: Array
    v: Array
    depth: Array
    pixel: float


@dataclass(frozen=True)
class TextureDraw:
    """What varies between two objects of the same texture.

    Attributes:
        frequency: Periods per unit of the object's frame.
        angle: Orientation in radians.
        phase: Shift in periods, one number per axis, 0 to 1.
        balance: Moves the border between the colours, -1 to 1 (0: as drawn).
    """

    frequency: float
    angle: float
    phase: tuple[float, float]
    balance: float


def draw_texture(rng: np.random.Generator, frequency: tuple[float, float], balance: float) -> TextureDraw:
    """Draw frequency, orientation, phase and balance (at most ``balance`` either way) of one object's texture."""
    return TextureDraw(
        frequency=rng.uniform(*frequency),
        angle=rng.uniform(0, np.pi),
        phase=tuple(rng.uniform(0, 1, 2)),
        balance=rng.uniform(-balance, balance),
    )


def paint(texture: str, surface: Surface, draw: TextureDraw) -> Array:
    """Compute the share of the second colour at each pixel.

    Args:
        texture: A key of ``TEXTURES``.
        surface: Where the pixels lie on the object.
        draw: Frequency, orientation, phase and balance.

    Returns:
        (h, w) float32, 0 (first colour) to 1 (second colour), soft over about one pixel.
    """
    return TEXTURES[texture](surface, draw)


def _turned(surface: Surface, draw: TextureDraw) -> tuple[Array, Array]:
    """Return the pixels' positions along and across the texture, in periods."""
    along, across = np.cos(draw.angle) * draw.frequency, np.sin(draw.angle) * draw.frequency
    x = along * surface.u + across * surface.v + draw.phase[0]
    y = along * surface.v - across * surface.u + draw.phase[1]
    return x, y


def _soft(height: Array, slope: float) -> Array:
    """Turn a height into 0 (below zero) or 1, linear over one pixel where it changes by ``slope`` a pixel."""
    return np.clip(0.5 + height / slope, 0, 1)


def _wave(x: Array, surface: Surface, draw: TextureDraw) -> Array:
    slope = 2 * np.pi * draw.frequency * surface.pixel
    return _soft(np.sin(2 * np.pi * x) + draw.balance, slope)


def _cell(x: Array) -> Array:
    """Return the distance to the nearest integer, 0 to 0.5."""
    return np.abs(x - np.round(x))


def _striped(surface: Surface, draw: TextureDraw) -> Array:
    return _wave(_turned(surface, draw)[0], surface, draw)


def _dotted(surface: Surface, draw: TextureDraw) -> Array:
    x, y = _turned(surface, draw)
    return _soft(0.3 + 0.1 * draw.balance - np.hypot(_cell(x), _cell(y)), draw.frequency * surface.pixel)


def _checked(surface: Surface, draw: TextureDraw) -> Array:
    x, y = _turned(surface, draw)
    waves = np.sin(2 * np.pi * 0.7 * x) * np.sin(2 * np.pi * 0.7 * y)
    return _soft(waves + 0.2 * draw.balance, 4 * draw.frequency * surface.pixel)


def _ringed(surface: Surface, draw: TextureDraw) -> Array:
    return _wave(draw.frequency * np.hypot(surface.u, surface.v) + draw.phase[0], surface, draw)


def _zigzag(surface: Surface, draw: TextureDraw) -> Array:
    x, y = _turned(surface, draw)
    return _wave(x + 1.4 * _cell(0.8 * y), surface, draw)


def _gridded(surface: Surface, draw: TextureDraw) -> Array:
    x, y = _turned(surface, draw)
    return _soft(0.14 + 0.05 * draw.balance - np.minimum(_cell(x), _cell(y)), draw.frequency * surface.pixel)


def _spoked(surface: Surface, draw: TextureDraw) -> Array:
    spokes = round(2.5 * draw.frequency)
    turn = np.arctan2(surface.v, surface.u)
    radius = np.maximum(np.hypot(surface.u, surface.v), surface.pixel)
    return _soft((np.sin(spokes * turn + 2 * np.pi * draw.phase[0]) + draw.balance) * radius, spokes * surface.pixel)


def _marbled(surface: Surface, draw: TextureDraw) -> Array:
    x, y = _turned(surface, draw)
    bent_x = x + 0.35 * np.sin(2 * np.pi * (0.6 * y + draw.phase[0]))
    bent_y = y + 0.35 * np.sin(2 * np.pi * (0.5 * x + draw.phase[1]))
    height = np.sin(3.3 * bent_x + 1.9 * bent_y) + np.sin(3.9 * bent_y - 1.3 * bent_x)
    return _soft(height + 0.5 * draw.balance, 6 * draw.frequency * surface.pixel)


def _rimmed(surface: Surface, draw: TextureDraw) -> Array:
    return _soft(0.17 + 0.06 * draw.balance - surface.depth, surface.pixel)


def _halved(surface: Surface, draw: TextureDraw) -> Array:
    side = np.cos(draw.angle) * surface.u + np.sin(draw.angle) * surface.v
    flipped = -side if draw.phase[0] < 0.5 else side
    return _soft(flipped + 0.3 * draw.balance, surface.pixel)


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
}
"""Name to the function that computes the share of the second colour."""
