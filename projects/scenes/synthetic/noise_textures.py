"""Textures of noise and tiles, which only the rich vocabulary has."""

from collections.abc import Callable

import numpy as np

from .surface import Array, Surface, TextureDraw, step, stripes, texture_coordinates, triangle_wave


def value_noise(x: Array, y: Array, shift: tuple[float, float]) -> Array:
    """Smooth noise in 0-1: a number for each point of the unit grid, blended between them.

    Args:
        x: Positions along one axis, in grid steps.
        y: Positions along the other.
        shift: Which noise, one number per axis, 0 to 1.
    """
    column, row = np.floor(x), np.floor(y)
    right, down = x - column, y - row
    right, down = right**2 * (3 - 2 * right), down**2 * (3 - 2 * down)
    upper = (1 - right) * _hash(column, row, shift) + right * _hash(column + 1, row, shift)
    lower = (1 - right) * _hash(column, row + 1, shift) + right * _hash(column + 1, row + 1, shift)
    return (1 - down) * upper + down * lower


def _hash(column: Array, row: Array, shift: tuple[float, float]) -> Array:
    """Make a number, 0 to 1, of a point of the grid: the fraction of a large sine."""
    mixed = np.sin((column + 61 * shift[0]) * 12.9898 + (row + 61 * shift[1]) * 78.233) * 43758.5453
    return mixed - np.floor(mixed)


def _cloudy(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    coarse, fine = value_noise(x, y, draw.phase), value_noise(2.3 * x, 2.3 * y, draw.phase)
    return np.clip(1.6 * (0.65 * coarse + 0.35 * fine - 0.5) + 0.5 + 0.3 * draw.balance, 0, 1)


def _speckled(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return step(value_noise(3 * x, 3 * y, draw.phase) - 0.58 - 0.1 * draw.balance, 6 * draw.frequency * surface.pixel)


def _blotched(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return step(value_noise(x, y, draw.phase) - 0.5 - 0.15 * draw.balance, 2 * draw.frequency * surface.pixel)


def _wooden(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return stripes(1.2 * x + 1.5 * value_noise(x, 0.3 * y, draw.phase), surface, draw)


def _waved(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    return stripes(x + 0.3 * np.sin(2 * np.pi * 0.8 * y), surface, draw)


def _bricked(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    row = np.round(1.6 * y)
    gap = np.minimum(0.5 - triangle_wave(1.6 * y), 0.5 - triangle_wave(0.8 * x + 0.5 * (row % 2)))
    return step(0.12 + 0.05 * draw.balance - gap, 1.6 * draw.frequency * surface.pixel)


def _scaled(surface: Surface, draw: TextureDraw) -> Array:
    x, y = texture_coordinates(surface, draw)
    row = np.floor(1.4 * y)
    around = np.hypot(2 * triangle_wave(x + 0.5 * (row % 2)), 1.4 * y - row)
    return step(0.16 + 0.06 * draw.balance - np.abs(around - 0.8), 2 * draw.frequency * surface.pixel)


def _graded(surface: Surface, draw: TextureDraw) -> Array:
    side = np.cos(draw.angle) * surface.u + np.sin(draw.angle) * surface.v
    return np.clip(0.5 + 0.7 * side + 0.3 * draw.balance, 0, 1)


NOISE_TEXTURES: dict[str, Callable[[Surface, TextureDraw], Array]] = {
    'cloudy': _cloudy,
    'speckled': _speckled,
    'blotched': _blotched,
    'wooden': _wooden,
    'waved': _waved,
    'bricked': _bricked,
    'scaled': _scaled,
    'graded': _graded,
}
"""Name to the function that computes the fraction of the second colour."""
