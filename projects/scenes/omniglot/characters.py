"""Read the characters of Omniglot from its zip files."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmosis.utils.image import decode_image

NUM_DRAWERS = 20

_DRAWING = re.compile(r'(?:^|/)(?P<alphabet>[^/]+)/(?P<character>character\d+)/\d+_(?P<drawer>\d+)\.png$')


@dataclass(frozen=True)
class Character:
    """One character of one alphabet, drawn by 20 people.

    Attributes:
        alphabet: Name of its alphabet, e.g. ``Greek``.
        name: Category name, e.g. ``Greek/character01``.
        drawings: The PNG files of drawers 1 to 20. They stay encoded: they are 40 times smaller so, and travel to
            worker processes.
    """

    alphabet: str
    name: str
    drawings: tuple[bytes, ...]


def read_characters(zip_files: Sequence[str | Path]) -> list[Character]:
    """Read the characters of zip files with the folders ``.../Alphabet/characterNN/NNNN_DD.png``.

    A character that stands in several files, as Greek and Latin do in the two small background sets, counts once.

    Args:
        zip_files: Paths, e.g. of ``images_background_small1.zip`` and ``images_background_small2.zip``.

    Returns:
        The characters, ordered by alphabet and number.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is no zip file, has no characters in it, or a character has not all its drawings.
    """
    drawings: dict[tuple[str, str], dict[int, bytes]] = {}
    for zip_file in zip_files:
        for (alphabet, character), found in _read_zip(zip_file).items():
            drawings.setdefault((alphabet, character), found)
    return [
        Character(alphabet, f'{alphabet}/{character}', _order(f'{alphabet}/{character}', found))
        for (alphabet, character), found in sorted(drawings.items())
    ]


def decode_drawing(png: bytes) -> np.ndarray:
    """Decode a drawing: (105, 105) bool, the ink.

    Raises:
        ValueError: If it is no image or has no ink.
    """
    ink = decode_image(png, 'a drawing')[..., 0] < 128
    if not ink.any():
        raise ValueError('a drawing must have dark ink on white, got a blank one')
    return ink


def _read_zip(zip_file: str | Path) -> dict[tuple[str, str], dict[int, bytes]]:
    if not Path(zip_file).is_file():
        raise FileNotFoundError(f'{zip_file} does not exist; expected a zip file of Omniglot')
    drawings: dict[tuple[str, str], dict[int, bytes]] = {}
    try:
        with zipfile.ZipFile(zip_file) as archive:
            for path in archive.namelist():
                if match := _DRAWING.search(path):
                    character = drawings.setdefault((match['alphabet'], match['character']), {})
                    character[int(match['drawer'])] = archive.read(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f'{zip_file} is not a readable zip file: {error}') from error
    if not drawings:
        raise ValueError(f'{zip_file} has no drawings; expected .../Alphabet/character01/0001_01.png and so on')
    return drawings


def _order(name: str, drawings: dict[int, bytes]) -> tuple[bytes, ...]:
    """Order the drawings of a character by drawer."""
    if sorted(drawings) != list(range(1, NUM_DRAWERS + 1)):
        raise ValueError(f'{name} must have drawings of drawers 1 to {NUM_DRAWERS}, got {sorted(drawings)}')
    return tuple(drawings[drawer] for drawer in sorted(drawings))
