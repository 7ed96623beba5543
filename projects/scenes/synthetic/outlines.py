"""Outlines: parametric shapes, each with proportions that vary between objects."""

from collections.abc import Callable

import numpy as np

from .superformulas import SUPERFORMULAS

Array = np.ndarray
Contours = list[Array]


def draw_outline(outline: str, rng: np.random.Generator) -> Contours:
    """Draw the contours of one object.

    Args:
        outline: A key of ``OUTLINES``.
        rng: Source of the proportions.

    Returns:
        Closed contours, each (N, 2) xy with y downwards; the first is the outer border, the others are holes. The
        border's box is centred on the origin, its longer half side is 1.
    """
    contours = OUTLINES[outline](rng)
    low, high = contours[0].min(0), contours[0].max(0)
    return [(contour - (low + high) / 2) / ((high - low).max() / 2) for contour in contours]


def _arc(start: float, end: float, radius: float = 1.0, centre: tuple[float, float] = (0, 0)) -> Array:
    turn = np.linspace(start, end, 40)
    return np.stack([centre[0] + radius * np.cos(turn), centre[1] + radius * np.sin(turn)], 1)


def _circle(radius: float = 1.0) -> Array:
    return _arc(0, 2 * np.pi, radius)[:-1]


def _polar(radii: Array, offset: float = -np.pi / 2) -> Array:
    turn = offset + np.arange(len(radii)) * 2 * np.pi / len(radii)
    return np.stack([radii * np.cos(turn), radii * np.sin(turn)], 1)


def _mirrored(half: list[tuple[float, float]]) -> Array:
    """Close a right half, given from top to bottom, with its mirror image."""
    right = np.array(half, float)
    return np.concatenate([right, right[::-1] * (-1, 1)])


def _star(rng: np.random.Generator) -> Contours:
    points = int(rng.integers(5, 8))
    return [_polar(np.tile([1.0, rng.uniform(0.38, 0.52)], points))]


def _gear(rng: np.random.Generator) -> Contours:
    teeth = int(rng.integers(7, 11))
    root = rng.uniform(0.68, 0.78)
    return [_polar(np.tile([1.0, 1.0, root, root], teeth)), _circle(rng.uniform(0.22, 0.36))]


def _heart(rng: np.random.Generator) -> Contours:
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x = 16 * np.sin(turn) ** 3
    y = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    return [np.stack([x, -y * rng.uniform(0.85, 1.15)], 1)]


def _arrow(rng: np.random.Generator) -> Contours:
    neck, shaft, head = rng.uniform(-0.1, 0.25), rng.uniform(0.22, 0.36), rng.uniform(0.65, 0.85)
    upper = np.array([(-1, -shaft), (neck, -shaft), (neck, -head), (1, 0)])
    return [np.concatenate([upper, upper[-2::-1] * (1, -1)])]


def _cross(rng: np.random.Generator) -> Contours:
    arm, bar = rng.uniform(0.24, 0.38, 2)
    return [_mirrored([(arm, -1), (arm, -bar), (1, -bar), (1, bar), (arm, bar), (arm, 1)])]


def _crescent(rng: np.random.Generator) -> Contours:
    opening, bite = rng.uniform(0.75, 1.1), rng.uniform(0.55, 0.75)
    outer = _arc(opening, 2 * np.pi - opening)
    tip = outer[0]
    centre = tip[0] + bite * (1 - tip[0])
    radius, turn = np.hypot(tip[0] - centre, tip[1]), np.arctan2(tip[1], tip[0] - centre)
    return [np.concatenate([outer, _arc(2 * np.pi - turn, turn, radius, (centre, 0))])]


def _leaf(rng: np.random.Generator) -> Contours:
    width, bend, stem = rng.uniform(0.38, 0.55), rng.uniform(-0.2, 0.2), rng.uniform(0.25, 0.45)
    along = np.linspace(0, 1, 24)
    half = width * np.sin(np.pi * along) ** 0.8 * (1.2 - 0.5 * along)
    spine = bend * np.sin(np.pi * along)
    y = 1 - 2 * along
    blade = np.concatenate([np.stack([spine + half, y], 1), np.stack([spine - half, y], 1)[::-1]])
    return [np.concatenate([blade, [(-0.06, 1), (-0.06, 1 + stem), (0.06, 1 + stem), (0.06, 1)]])]


def _bottle(rng: np.random.Generator) -> Contours:
    neck, body = rng.uniform(0.13, 0.2), rng.uniform(0.36, 0.5)
    throat, shoulder = rng.uniform(-0.55, -0.35), rng.uniform(-0.2, 0.05)
    lip = neck + 0.06
    return [_mirrored([(lip, -1), (lip, -0.86), (neck, -0.86), (neck, throat), (body, shoulder), (body, 1)])]


def _mug(rng: np.random.Generator) -> Contours:
    height, taper = rng.uniform(0.75, 1.0), rng.uniform(0.82, 1.0)
    reach, thick = rng.uniform(0.42, 0.58), rng.uniform(0.14, 0.2)
    handle = _arc(-np.pi / 2, np.pi / 2, reach, (0.7, 0))
    body = np.array([(0.75 * taper, height), (-0.75 * taper, height), (-0.75, -height), (0.75, -height)])
    return [np.concatenate([handle, body]), _arc(-np.pi / 2, np.pi / 2, reach - thick, (0.78, 0))]


def _ring(rng: np.random.Generator) -> Contours:
    return [_circle(), _circle(rng.uniform(0.45, 0.65))]


def _disc(rng: np.random.Generator) -> Contours:
    return [_circle() * (1, rng.uniform(0.7, 1.0))]


def _triangle(rng: np.random.Generator) -> Contours:
    return [np.array([(rng.uniform(-0.3, 0.3), -1), (1, 0.8), (-1, 0.8)])]


def _house(rng: np.random.Generator) -> Contours:
    return [_mirrored([(0, -1), (0.9, rng.uniform(-0.4, 0.0)), (0.9, 1)])]


def _drop(rng: np.random.Generator) -> Contours:
    return [np.concatenate([_arc(-0.6, np.pi + 0.6, 0.7), [(0, -rng.uniform(1.3, 1.7))]])]


OUTLINES: dict[str, Callable[[np.random.Generator], Contours]] = {
    'star': _star,
    'gear': _gear,
    'heart': _heart,
    'arrow': _arrow,
    'cross': _cross,
    'crescent': _crescent,
    'leaf': _leaf,
    'bottle': _bottle,
    'mug': _mug,
    'ring': _ring,
    'disc': _disc,
    'triangle': _triangle,
    'house': _house,
    'drop': _drop,
    **SUPERFORMULAS,
}
"""Name to the function that draws the contours."""
