"""JSON files: read with an error that names the file, and written piece by piece."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from .atomic import open_atomic


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        ValueError: If it is not JSON, or nested too deeply; the message names the file.
    """
    try:
        return json.loads(Path(path).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} is not a JSON file: {error}') from error


def write_items(file: BinaryIO, items: Iterable[Any], separator: str = ', ') -> None:
    """Write the items of a list as they come: the text of all may be larger than the memory."""
    for number, item in enumerate(items):
        file.write(f'{separator if number else ""}{json.dumps(item)}'.encode())


def write_lists(path: str | Path, lists: Mapping[str, Iterable[Any]]) -> None:
    """Write an object of lists, such as a COCO-format file, to the bytes of ``json.dumps``, item by item.

    Raises:
        OSError: As :func:`~mmosis.utils.atomic.write_atomic`.
    """
    with open_atomic(path) as file:
        for number, (key, items) in enumerate(lists.items()):
            file.write(f'{", " if number else "{"}{json.dumps(key)}: ['.encode())
            write_items(file, items)
            file.write(b']')
        file.write(b'}')
