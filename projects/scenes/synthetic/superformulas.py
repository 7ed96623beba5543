"""Superformulas: outlines without a name, one family of curves numbered from 1, which only the rich vocabulary has."""

from collections.abc import Callable
from functools import partial

import numpy as np

from mmosis.utils.rng import generator

Contours = list[np.ndarray]
NUM_SUPERFORMULAS = 60
_POINTS = 96
_HARMONICS = 3


def draw_superformula(number: int, rng: np.random.Generator) -> Contours:
    """Draw a superformula curve (Gielis 2003), bent by low harmonics, stretched, some with a hole.

    What makes the curve is a function of its number; ``rng`` varies its proportions a little.

    Args:
        number: Which curve.
        rng: Source of the proportions.
    """
    form = generator(0, 'form', number)
    turn = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    radius = _superformula(turn, form, rng)
    size, place = form.uniform(0, 0.22, _HARMONICS), form.uniform(0, 2 * np.pi, _HARMONICS)
    size = size * rng.uniform(0.75, 1.25, _HARMONICS)
    radius = radius * (
        1 + (size[:, None] * np.cos(np.arange(1, 1 + _HARMONICS)[:, None] * turn + place[:, None])).sum(0)
    )
    stretch = form.uniform(0.5, 1) * rng.uniform(0.92, 1.08)
    curve = np.stack([radius * np.cos(turn), stretch * radius * np.sin(turn)], 1)
    hole = form.uniform(0.35, 0.6) * rng.uniform(0.92, 1.08)
    return [curve, hole * curve] if form.random() < 0.2 else [curve]


def _superformula(turn: np.ndarray, form: np.random.Generator, rng: np.random.Generator) -> np.ndarray:
    """Radius at each angle, with at most nine corners and none too deep."""
    corners = form.integers(1, 10)
    power, side = np.exp(form.uniform(*np.log((0.4, 4)))), form.uniform(0.7, 4)
    power = power * rng.uniform(0.9, 1.1)
    quarter = corners * turn / 4
    radius = (np.abs(np.cos(quarter)) ** side + np.abs(np.sin(quarter)) ** side) ** (-1 / power)
    return np.clip(radius / radius.max(), 0.35, 1)


SUPERFORMULAS: dict[str, Callable[[np.random.Generator], Contours]] = {
    f'form{number}': partial(draw_superformula, number) for number in range(1, NUM_SUPERFORMULAS + 1)
}
"""Name to the function that draws the contours."""
