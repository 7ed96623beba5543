"""The categories of cut-outs, read from the journals of the cutting."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from projects.scenes.journal import read_journal

from .appearance import read_appearance
from .source import Source

_SAME = 0.05


@dataclass(frozen=True)
class Cutout:
    """A cut-out: its PNG file, its width and height in pixels, and its appearance."""

    file: Path
    size: tuple[int, int]
    appearance: np.ndarray


@dataclass
class Category:
    """A category of objects: name, name of its source, cut-outs; one without cut-outs shows on backgrounds alone."""

    name: str
    source: str
    cutouts: list[Cutout] = field(default_factory=list)


def read_source(source: Source, journal: Path) -> tuple[list[Category], list[Path]]:
    """Read what was cut out of a source.

    Args:
        source: The source.
        journal: Its journal, beside ``cutouts/`` and ``grounds/``.

    Returns:
        Its categories, and the files of its backgrounds without extension.
    """
    categories: dict[str, Category] = {}
    backgrounds = []
    for record in read_journal(journal):
        shown = [cutout['kind'] for cutout in record['cutouts']]
        if background := record['ground']:
            shown += background['kinds']
            backgrounds.append(journal.parent / 'grounds' / background['name'])
        for name in shown:
            categories.setdefault(name, Category(name, source.name))
        for cutout in record['cutouts']:
            file = journal.parent / 'cutouts' / cutout['file']
            categories[cutout['kind']].cutouts.append(
                Cutout(file, tuple(cutout['size']), read_appearance(cutout['look']))
            )
    return list(categories.values()), backgrounds


def join_categories(categories: list[Category]) -> tuple[list[Category], dict[str, int]]:
    """Join categories of one name, such as a category of two sources, and of one appearance, such as an image in two
    files.

    Returns:
        The categories, and the number of each by name.
    """
    by_name: dict[str, Category] = {}
    for category in categories:
        known = by_name.setdefault(category.name, Category(category.name, category.source))
        known.cutouts.extend(category.cutouts)
    twins = _find_twins([category for category in by_name.values() if len(category.cutouts) == 1])
    for name, other in twins.items():
        by_name[other].cutouts.extend(by_name.pop(name).cutouts)
    numbers = {name: number for number, name in enumerate(by_name)}
    return list(by_name.values()), numbers | {name: numbers[other] for name, other in twins.items()}


def _find_twins(categories: list[Category]) -> dict[str, str]:
    """Find categories whose only cut-outs are the same: name to that of the first of them."""
    appearances = np.array([category.cutouts[0].appearance for category in categories])
    twins: dict[str, str] = {}
    for number, category in enumerate(categories[1:], 1):
        distances = np.linalg.norm(appearances[:number] - appearances[number], axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] < _SAME:
            twins[category.name] = twins.get(categories[nearest].name, categories[nearest].name)
    return twins
