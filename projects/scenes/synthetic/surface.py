"""Surface: where the pixels of an object lie, and the steps that its textures are made of."""

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


def texture_coordinates(surface: Surface, draw: TextureDraw) -> tuple[Array, Array]:
    """Return the pixels' positions along and across the texture, in periods."""
    along, across = np.cos(draw.angle) * draw.frequency, np.sin(draw.angle) * draw.frequency
    x = along * surface.u + across * surface.v + draw.phase[0]
    y = along * surface.v - across * surface.u + draw.phase[1]
    return x, y


def step(height: Array, slope: float) -> Array:
    """Turn a height into 0 (below zero) or 1, linear over one pixel where it changes by ``slope`` a pixel."""
    return np.clip(0.5 + height / slope, 0, 1)


def stripes(x: Array, surface: Surface, draw: TextureDraw) -> Array:
    """Stripes across x, one a period."""
    slope = 2 * np.pi * draw.frequency * surface.pixel
    return step(np.sin(2 * np.pi * x) + draw.balance, slope)


def triangle_wave(x: Array) -> Array:
    """Return the distance to the nearest integer: 0 to 0.5, of period 1."""
    return np.abs(x - np.round(x))
