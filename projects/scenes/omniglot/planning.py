"""What a scene holds, before anything is drawn: which drawings, how large, where they may stand."""

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from projects.scenes.canvas import Placement
from projects.scenes.ranges import draw_integer

from .config import ClutterConfig

Drawings = Mapping[int, Sequence[bytes]]

_PLACES = 20
_LUMINANCE = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Planned(Placement):
    """One character, or one piece of clutter, to draw.

    Attributes:
        drawing: The PNG file of the drawing.
        fraction: Fraction of the drawing's ink; below 1 for a piece of clutter.
        centre: Which point of the ink a piece is cut around, 0 to 1 in reading order.
        size: Longer side of the complete drawing's ink in pixels of the image.
        pose: (2, 2), stretches, shears and rotates; its scale is of no account.
        stroke: Factor on the width of the strokes.
        colour: (3,) RGB, 0 to 255.
    """

    drawing: bytes
    fraction: float
    centre: float
    size: float
    pose: np.ndarray
    stroke: float
    colour: np.ndarray


def plan_scene(rng: np.random.Generator, drawings: Drawings, config: ClutterConfig) -> tuple[np.ndarray, list[Planned]]:
    """Plan a scene; everything random about it, but blur and noise, is drawn here.

    Args:
        rng: Source of the draws.
        drawings: Drawings of each category that may show, by its index.
        config: Difficulty.

    Returns:
        The colour of the background, (3,) RGB, and what to draw in this order, later ones in front.
    """
    background = 255 * rng.uniform(0, 1, 3)
    contents = _draw_contents(rng, list(drawings), config)
    colours = _draw_colours(rng, background, len(contents), config)
    return background, [
        _plan(rng, category, fraction, colour, drawings, config)
        for (category, fraction), colour in zip(contents, colours, strict=True)
    ]


def _draw_contents(rng: np.random.Generator, pool: list[int], config: ClutterConfig) -> list[tuple[int, float]]:
    """Draw the categories of characters, with fraction 1, and of pieces of clutter, with less, in any order."""
    present = [int(category) for category in rng.choice(pool, draw_integer(rng, config.num_categories), replace=False)]
    contents = [(category, 1.0) for category in present for _ in range(draw_integer(rng, config.num_instances))]
    others = [category for category in pool if category not in present]
    for _ in range(draw_integer(rng, config.num_clutter)):
        contents.append((int(rng.choice(others)), rng.uniform(*config.clutter_share)))
    return [contents[index] for index in rng.permutation(len(contents))]


def _draw_colours(
    rng: np.random.Generator, background: np.ndarray, num: int, config: ClutterConfig
) -> list[np.ndarray]:
    if config.colours == 'one':
        return [_draw_colour(rng, background, config.contrast)] * num
    return [_draw_colour(rng, background, config.contrast) for _ in range(num)]


def _draw_colour(rng: np.random.Generator, background: np.ndarray, contrast: float) -> np.ndarray:
    """Draw a colour that differs enough in luminance from the background."""
    while True:
        colour = 255 * np.array(colorsys.hsv_to_rgb(*rng.uniform(0, 1, 3)))
        if abs(_LUMINANCE @ (colour - background)) >= 255 * contrast:
            return colour


def _plan(
    rng: np.random.Generator,
    category: int,
    fraction: float,
    colour: np.ndarray,
    drawings: Drawings,
    config: ClutterConfig,
) -> Planned:
    size = config.image_size * np.exp(rng.uniform(*np.log(config.size)))
    return Planned(
        category=category if fraction == 1 else None,
        crowd=False,
        places=rng.uniform(size / 2, config.image_size - size / 2, (_PLACES, 2)),
        may_occlude=True,
        drawing=drawings[category][rng.integers(len(drawings[category]))],
        fraction=fraction,
        centre=rng.uniform(),
        size=size,
        pose=_draw_pose(rng, config),
        stroke=rng.uniform(*config.stroke),
        colour=colour,
    )


def _draw_pose(rng: np.random.Generator, config: ClutterConfig) -> np.ndarray:
    turn = np.radians(rng.uniform(-config.rotation, config.rotation))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log(config.aspect))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return rotation @ [[stretch, rng.uniform(-config.shear, config.shear)], [0, 1 / stretch]]
