"""Kinds: what was cut out of the sources, read from the journals of the cutting."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from projects.scenes.journal import read_journal

from .looks import read_look
from .source import Source

_SAME = 0.05


@dataclass(frozen=True)
class Cutout:
    """A cut-out: its PNG file, its width and height in pixels, and its look."""

    file: Path
    size: tuple[int, int]
    look: np.ndarray


@dataclass
class Kind:
    """A kind of object: name, name of its source, cut-outs; one without cut-outs shows on grounds alone."""

    name: str
    source: str
    cutouts: list[Cutout] = field(default_factory=list)


def read_source(source: Source, journal: Path) -> tuple[list[Kind], list[Path]]:
    """Read what was cut out of a source.

    Args:
        source: The source.
        journal: Its journal, beside ``cutouts/`` and ``grounds/``.

    Returns:
        Its kinds, and the files of its grounds without extension.
    """
    kinds: dict[str, Kind] = {}
    grounds = []
    for record in read_journal(journal):
        shown = [cutout['kind'] for cutout in record['cutouts']]
        if ground := record['ground']:
            shown += ground['kinds']
            grounds.append(journal.parent / 'grounds' / ground['name'])
        for name in shown:
            kinds.setdefault(name, Kind(name, source.name))
        for cutout in record['cutouts']:
            file = journal.parent / 'cutouts' / cutout['file']
            kinds[cutout['kind']].cutouts.append(Cutout(file, tuple(cutout['size']), read_look(cutout['look'])))
    return list(kinds.values()), grounds


def join_kinds(kinds: list[Kind]) -> tuple[list[Kind], dict[str, int]]:
    """Join kinds of one name, such as a category of two sources, and of one look, such as a picture in two files.

    Returns:
        The kinds, and the number of each by name.
    """
    by_name: dict[str, Kind] = {}
    for kind in kinds:
        known = by_name.setdefault(kind.name, Kind(kind.name, kind.source))
        known.cutouts.extend(kind.cutouts)
    twins = _find_twins([kind for kind in by_name.values() if len(kind.cutouts) == 1])
    for name, other in twins.items():
        by_name[other].cutouts.extend(by_name.pop(name).cutouts)
    numbers = {name: number for number, name in enumerate(by_name)}
    return list(by_name.values()), numbers | {name: numbers[other] for name, other in twins.items()}


def _find_twins(kinds: list[Kind]) -> dict[str, str]:
    """Find kinds whose only cut-outs look the same: name to that of the first of them."""
    looks = np.array([kind.cutouts[0].look for kind in kinds])
    twins: dict[str, str] = {}
    for number, kind in enumerate(kinds[1:], 1):
        distances = np.linalg.norm(looks[:number] - looks[number], axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] < _SAME:
            twins[kind.name] = twins.get(kinds[nearest].name, kinds[nearest].name)
    return twins
