"""Catalogue: the categories and backgrounds of composed scenes, and how a scene chooses among them."""

from collections.abc import Sequence
from functools import lru_cache
from math import floor
from pathlib import Path

import numpy as np

from mmosis.utils.rng import generator

from .cutout_categories import join_categories, read_source
from .source import Source

_TOO_SIMILAR = 0.1  # as the numbers on a clock's face, which cannot be distinguished when small


class Catalogue:
    """What scenes are composed of.

    Args:
        sources: The sources.
        journals: What was cut out of each.

    Attributes:
        categories: All categories, in the order of the annotation file.
        numbers: Number of a category by name.

    Raises:
        ValueError: If there is no cut-out, or no background.
    """

    def __init__(self, sources: Sequence[Source], journals: Sequence[Path]) -> None:
        found = [read_source(source, journal) for source, journal in zip(sources, journals, strict=True)]
        self.categories, self.numbers = join_categories(
            [category for categories, _ in found for category in categories]
        )
        self._backgrounds = [backgrounds for _, backgrounds in found if backgrounds]
        cut = [number for number, category in enumerate(self.categories) if category.cutouts]
        by_source = [[number for number in cut if self.categories[number].source == source.name] for source in sources]
        self._pools = [
            (source.weight, pool) for source, pool in zip(sources, by_source, strict=True) if source.weight and pool
        ]
        if not self._pools:
            raise ValueError('nothing was cut out of the sources; lower their min_side or min_area, or exclude less')
        if not self._backgrounds:
            raise ValueError('no photograph is left as a background; a source in COCO format gives them, exclude less')
        self._cut = np.array(cut)
        self._appearances = np.array(
            [np.mean([c.appearance for c in self.categories[number].cutouts], axis=0) for number in cut]
        )

    def take_turn(self, index: int, seed: int, num_kinds: tuple[int, int]) -> list[int]:
        """Choose the main categories of a scene: those of a source equally often, the sources by their weights.

        Args:
            index: Number of the scene.
            seed: Seed of the order.
            num_kinds: Fewest and most.
        """
        source, turn = _assign(index, [weight for weight, _ in self._pools])
        pool = self._pools[source][1]
        orders = ((_order(seed, source, lap, len(pool)), place) for lap, place in _places(turn, num_kinds, len(pool)))
        return list(dict.fromkeys(pool[order[place]] for order, place in orders))

    def draw_category(self, rng: np.random.Generator) -> int:
        """Draw any category, the sources by their weights."""
        weights = np.array([weight for weight, _ in self._pools])
        return int(rng.choice(self._pools[rng.choice(len(weights), p=weights / weights.sum())][1]))

    def draw_similar(self, category: int, num_nearest: int, rng: np.random.Generator) -> int:
        """Draw one of the categories most similar to a category, but not too similar; itself if there is none."""
        appearance = self._appearances[np.searchsorted(self._cut, category)]
        distances = np.linalg.norm(self._appearances - appearance, axis=1)
        others = np.flatnonzero(distances >= _TOO_SIMILAR)
        nearest = others[np.argsort(distances[others], kind='stable')[:num_nearest]]
        return int(self._cut[rng.choice(nearest)]) if len(nearest) else category

    def draw_background(self, rng: np.random.Generator) -> Path:
        """Draw a photograph, of each source equally often: its files without extension."""
        backgrounds = self._backgrounds[rng.integers(len(self._backgrounds))]
        return backgrounds[rng.integers(len(backgrounds))]


def _assign(index: int, weights: list[float]) -> tuple[int, int]:
    """Return which source's turn a scene is, and the number of that source's turn, from 0."""
    left = sum(weights)
    for source, weight in enumerate(weights[:-1]):
        before, after = floor(index * weight / left), floor((index + 1) * weight / left)
        if after > before:
            return source, before
        index, left = index - before, left - weight
    return len(weights) - 1, index  # the last one takes all that are left


def _places(turn: int, num_kinds: tuple[int, int], num: int) -> list[tuple[int, int]]:
    """Return lap and place among ``num`` categories of those that a turn takes: fewest, one more, ..., most."""
    low, high = num_kinds
    rounds, step = divmod(turn, high - low + 1)
    start = rounds * sum(range(low, high + 1)) + sum(range(low, low + step))
    return [divmod(place, num) for place in range(start, start + low + step)]


@lru_cache(maxsize=16)
def _order(seed: int, source: int, lap: int, num: int) -> np.ndarray:
    """Return the order of a source's categories in one lap through all of them."""
    return generator(seed, 'kinds', source, lap).permutation(num)
