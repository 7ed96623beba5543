"""Files of an index: whether there is one, and helpers to find which images are new, have changed or are missing."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

LOCK = '.lock'
Item = TypeVar('Item')


def is_new(path: str | Path) -> bool:
    """Whether nothing is at a path, or a folder that is empty but for a lock."""
    return not Path(path).exists() or all(entry.name == LOCK for entry in Path(path).iterdir())


def stamp(file: str) -> list[int] | None:
    """Size and last change of a file; None if it is not there, or cannot be reached."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def check_name(file: str) -> None:
    """Refuse a file whose name a table cannot have.

    Raises:
        ValueError: If it is no UTF-8.
    """
    try:
        file.encode()
    except UnicodeEncodeError as error:
        raise ValueError('its name is not in UTF-8, as names in an index are; rename it') from error


def is_below(file: str, folders: Sequence[str]) -> bool:
    """Whether a file is one of the paths, or in a folder that is."""
    return any(file == folder or folder in map(str, Path(file).parents) for folder in folders)


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of so many items, the last maybe of fewer."""
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
