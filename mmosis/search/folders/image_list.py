"""Which images a user means: files, folders, lists of paths, arrays."""

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmosis.utils.image import check_regular, from_pillow, read_bytes

from .parquet import SUFFIX, read_paths

IMG_EXTENSIONS = (
    *('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'),  # DetInferencer's
    *('.jfif', '.jpe', '.avif', '.gif', '.jp2'),
)


@dataclass
class ImageList:
    """Images that were named.

    Attributes:
        images: Files, addresses and arrays as they were given, those of folders by name. Whether they exist was
            checked for those that were named by themselves.
        problems: What was named and gives no image, and why.
        others: What else is in the folders, by suffix or as 'folder(s)'; hidden files do not count.
    """

    images: list[str | np.ndarray] = field(default_factory=list)
    problems: dict[str, Exception] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of_files(cls, files: Sequence[str], gone: str) -> 'ImageList':
        """Those of the files that are there; ``gone`` is said of the others."""
        there = {file: os.path.isfile(file) for file in files}
        missing = {file: FileNotFoundError(gone) for file in files if not there[file]}
        return cls([file for file in files if there[file]], missing)

    def require_one(self) -> None:
        """Refuse a list without images; the first problem says why.

        Raises:
            As :func:`find_images`.
        """
        if not self.images:
            raise next(iter(self.problems.values()), ValueError('there is no image to search'))

    def describe_others(self) -> str:
        """Say what else is in the folders, e.g. ``2 .heic, 1 .mp4``; empty where there is nothing."""
        return ', '.join(f'{number} {what}' for what, number in sorted(self.others.items()))


def list_images(inputs: Any) -> list[str | np.ndarray]:
    """List the images that inputs name, as :func:`find_images` does, and refuse what names none.

    Raises:
        As :func:`find_images`, for any of the inputs.
    """
    found = find_images(inputs)
    for error in found.problems.values():
        raise error
    return found.images


def find_images(inputs: Any) -> ImageList:
    """Find the images that inputs name; one that names none stops nothing while another does.

    Args:
        inputs: A file, a folder (its image files by name, not the hidden ones nor those of folders in it), an array
            (H, W, 3) BGR, an image of Pillow, which becomes one, or a list of these. A text file (``.txt``) names an
            image a line, a Parquet file one a row, see :func:`~mmosis.search.folders.parquet.read_paths`; whether
            these exist is not checked.

    Raises:
        TypeError: If it is something else.
        FileNotFoundError: If there is no such file or folder, and no other image.
        ImportError: If there is a Parquet file and pyarrow is not installed.
        ValueError: If a folder or a file of paths has no images or cannot be read, and there is no other image, or
            nothing is given.
    """
    if isinstance(inputs, str | Path | np.ndarray | Image.Image):
        inputs = [inputs]
    if not isinstance(inputs, Sequence):
        raise TypeError(
            f'images must be paths, folders, arrays (H, W, 3) or a list of them, got {type(inputs).__name__}'
        )
    found = ImageList()
    for item in inputs:
        try:
            found.images += _expand(item, found.others)
        except (OSError, ValueError) as error:
            found.problems[str(item)] = error
    found.require_one()
    return found


def _expand(item: Any, others: Counter[str]) -> list[str | np.ndarray]:
    if isinstance(item, Image.Image):
        return [from_pillow(item)]
    if isinstance(item, np.ndarray) or (isinstance(item, str) and '://' in item):
        return [item]
    if not isinstance(item, str | Path):
        raise TypeError(f'an image must be a path or an array (H, W, 3), got {type(item).__name__}')
    path = Path(os.path.expanduser(item))  # what begins with ~ may be a file
    if not path.exists():
        raise FileNotFoundError(f'there is no image or folder {item}')
    if path.suffix == SUFFIX or (path.suffix == '.txt' and not path.is_dir()):
        return _read_list(path)
    return _list_folder(path, others) if path.is_dir() else [str(path)]


def _list_folder(folder: Path, others: Counter[str]) -> list[str]:
    """List the image files of a folder, and count what else there is."""
    files, rest = [], Counter()
    for path in sorted(folder.iterdir(), key=str):
        if path.name.startswith('.'):  # hidden, or what macOS keeps beside a file: ._IMG.jpg
            continue
        if os.path.isdir(path):
            rest['folder(s)'] += 1
        elif path.suffix.lower() in IMG_EXTENSIONS:
            files.append(str(path))
        else:
            rest[path.suffix.lower() or 'without suffix'] += 1
    if not files:
        has = f' (it has {ImageList(others=rest).describe_others()})' if rest else ''
        raise ValueError(f'folder {folder} has no images{has}; they end in {", ".join(IMG_EXTENSIONS)}')
    others.update(rest)
    return files


def _read_list(path: Path) -> list[str]:
    """Read the paths that a file names, relative ones as if they were given in its place."""
    if not path.is_dir():
        check_regular(path)
    named = read_paths(path) if path.suffix == SUFFIX else _read_lines(path)
    files = [os.path.expanduser(line) for line in named if line.strip()]
    if not files:
        raise ValueError(f'{path} names no image; it takes a path a line, or in Parquet one a row')
    return files


def _read_lines(path: Path) -> list[str]:
    """Read lines in UTF-8, or in what Windows writes: UTF-16, or UTF-8 after a mark. Other bytes are kept as names."""
    content = read_bytes(path)
    encoding = 'utf-16' if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else 'utf-8-sig'
    try:
        return re.split('\r\n|\r|\n', content.decode(encoding, 'surrogateescape'))
    except UnicodeDecodeError as error:
        raise ValueError(f'{path} begins as UTF-16 and goes on otherwise; save it as UTF-8') from error
