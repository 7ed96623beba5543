"""Catalogue: the kinds that there are to show, their cut-outs and the grounds, read from the journals of the cutting."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import floor
from pathlib import Path

import numpy as np

from mmosis.utils.journal import read_journal
from mmosis.utils.rng import generator

from .looks import read_look
from .source import Source

_TWINS = 0.12


@dataclass(frozen=True)
class Cutout:
    """A cut-out: its PNG file, and its width and height in pixels."""

    file: Path
    size: tuple[int, int]


@dataclass
class Kind:
    """A kind of object: name, source, cut-outs with their looks; one without cut-outs shows on grounds alone."""

    name: str
    source: str
    cutouts: list[Cutout] = field(default_factory=list)
    looks: list[np.ndarray] = field(default_factory=list)


class Catalogue:
    """What scenes are composed of.

    Args:
        sources: The sources.
        journals: What was cut out of each.

    Attributes:
        kinds: All kinds; their order is that of the categories.
        numbers: Number of a kind by name. Two names of one look, such as one picture in two files, are one kind.
        grounds: Of each source with grounds, its weight and the grounds' files without extension.

    Raises:
        ValueError: If there is no cut-out, or no ground.
    """

    def __init__(self, sources: Sequence[Source], journals: Sequence[Path]) -> None:
        self._pools: list[tuple[float, list[int]]] = []
        self.grounds: list[tuple[float, list[Path]]] = []
        found = [self._read(source, journal) for source, journal in zip(sources, journals, strict=True)]
        kinds, owners = {}, {}
        for number, kinds_of_source in enumerate(found):
            for kind in kinds_of_source.values():
                owners.setdefault(kind.name, number)
                known = kinds.setdefault(kind.name, Kind(kind.name, kind.source))
                known.cutouts += kind.cutouts
                known.looks += kind.looks
        twins = _find_twins([kind for kind in kinds.values() if len(kind.cutouts) == 1])
        for name, other in twins.items():
            kinds[other].cutouts += kinds.pop(name).cutouts
        self.kinds = list(kinds.values())
        self.numbers = {kind.name: number for number, kind in enumerate(self.kinds)}
        self.numbers.update({name: self.numbers[other] for name, other in twins.items()})
        self._pools = [
            (source.weight, [i for i, kind in enumerate(self.kinds) if owners[kind.name] == number and kind.cutouts])
            for number, source in enumerate(sources)
        ]
        self._pools = [(weight, pool) for weight, pool in self._pools if weight and pool]
        if not self._pools:
            raise ValueError('nothing was cut out of the sources; lower their min_side or min_area, or exclude less')
        if not self.grounds:
            raise ValueError('no photograph is left as a ground; a source in COCO format gives them, exclude less')
        self._cut = np.array([i for i, kind in enumerate(self.kinds) if kind.cutouts])
        self._looks = np.array([np.mean(self.kinds[i].looks, 0) for i in self._cut])

    def _read(self, source: Source, journal: Path) -> dict[str, Kind]:
        kinds: dict[str, Kind] = {}
        grounds = []
        for record in read_journal(journal):
            ground = record['ground']
            names = ground['kinds'] if ground else []
            for name in [*(cutout['kind'] for cutout in record['cutouts']), *names]:
                kinds.setdefault(name, Kind(name, source.name))
            for cutout in record['cutouts']:
                kind = kinds[cutout['kind']]
                kind.cutouts.append(Cutout(journal.parent / 'cutouts' / cutout['file'], tuple(cutout['size'])))
                kind.looks.append(read_look(cutout['look']))
            if ground:
                grounds.append(journal.parent / 'grounds' / ground['name'])
        if grounds:
            self.grounds.append((source.weight, grounds))
        return kinds

    def take_turn(self, index: int, seed: int, num_kinds: tuple[int, int]) -> list[int]:
        """Choose the main kinds of a scene: all kinds of a source come equally often, the sources by their weights.

        Args:
            index: Number of the scene.
            seed: Seed of the order.
            num_kinds: Fewest and most.
        """
        left = sum(weight for weight, _ in self._pools)
        for number, (weight, pool) in enumerate(self._pools):
            # Of every ``left / weight`` scenes one is this source's; the last source takes all that are left.
            share = 1.0 if number + 1 == len(self._pools) else weight / left
            before = floor(index * share)
            if floor((index + 1) * share) > before:
                places = _places(before, num_kinds)
                turns = [_turn(seed, number, place // len(pool), len(pool))[place % len(pool)] for place in places]
                return list(dict.fromkeys(pool[turn] for turn in turns))
            index, left = index - before, left - weight
        raise AssertionError('the last source takes every scene that is left')

    def draw_kind(self, rng: np.random.Generator) -> int:
        """Draw any kind, the sources by their weights."""
        weights = np.array([weight for weight, _ in self._pools])
        return int(rng.choice(self._pools[rng.choice(len(weights), p=weights / weights.sum())][1]))

    def draw_similar(self, kind: int, num_nearest: int, rng: np.random.Generator) -> int:
        """Draw one of the kinds that look most like a kind; itself if it is alone."""
        look = self._looks[np.searchsorted(self._cut, kind)]
        distances = np.linalg.norm(self._looks - look, axis=1)
        nearest = self._cut[np.argsort(distances, kind='stable')[: num_nearest + 1]]
        others = nearest[nearest != kind][:num_nearest]
        return int(rng.choice(others)) if len(others) else kind

    def draw_ground(self, rng: np.random.Generator) -> Path:
        """Draw a photograph, the sources by their weights: its file without extension."""
        weights = np.array([weight for weight, _ in self.grounds])
        shares = weights / weights.sum() if weights.any() else None
        grounds = self.grounds[rng.choice(len(weights), p=shares)][1]
        return grounds[rng.integers(len(grounds))]


def _places(turn: int, num_kinds: tuple[int, int]) -> range:
    """Return the places in the order of kinds that a turn takes: one more each turn, from fewest to most and again."""
    low, high = num_kinds
    rounds, step = divmod(turn, high - low + 1)
    start = rounds * sum(range(low, high + 1)) + sum(range(low, low + step))
    return range(start, start + low + step)


@lru_cache(maxsize=16)
def _turn(seed: int, source: int, lap: int, num: int) -> np.ndarray:
    """Return the order of a source's kinds in one lap through all of them."""
    return generator(seed, 'kinds', source, lap).permutation(num)


def _find_twins(kinds: list[Kind]) -> dict[str, str]:
    """Find kinds whose only cut-outs look the same, e.g. one picture in two files: name to that of the first."""
    looks = np.array([kind.looks[0] for kind in kinds])
    twins: dict[str, str] = {}
    for number, kind in enumerate(kinds[1:], 1):
        distances = np.linalg.norm(looks[:number] - looks[number], axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] < _TWINS:
            twins[kind.name] = twins.get(kinds[nearest].name, kinds[nearest].name)
    return twins
