"""Records made in several processes, and a journal with one a line, so that long work goes on where it was stopped."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import cv2

from mmosis.utils.parent import end_with_parent
from mmosis.utils.progress import track

Make = Callable[[int], Any]

_CHUNK = 4
_make: Make


def fill_journal(path: Path, settings: dict, make: Make, num: int, num_workers: int = 0) -> None:
    """Make records 0 to ``num`` - 1, but for those that the journal has already, and show the progress.

    Args:
        path: The journal. Its first line has the settings, line i + 2 has record i.
        settings: All that the records depend on, as JSON has it.
        make: Makes record i, a function of i alone; what else it writes is complete when it returns.
        num: How many records.
        num_workers: Processes to make them in; 0 makes them in this one.

    Raises:
        ValueError: If the journal is of other settings.
    """
    todo = range(_open(path, settings), num)
    if todo:
        with path.open('a', buffering=1, encoding='utf-8') as file:
            for record in track(make_each(make, todo, num_workers), str(path.parent), len(todo)):
                file.write(json.dumps(record) + '\n')


def read_journal(path: Path, num: int | None = None) -> Iterator[Any]:
    """Read the first ``num`` records of a journal, or all, one after the other."""
    with path.open(encoding='utf-8') as file:
        for line in islice(file, 1, None if num is None else num + 1):
            yield json.loads(line)


def _open(path: Path, settings: dict) -> int:
    """Begin a journal, or check the one that there is and cut off what a stop left half-written; count its records."""
    settings = json.loads(json.dumps(settings))
    content = path.read_bytes() if path.is_file() else b''
    complete = content.rfind(b'\n') + 1
    if not complete:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings) + '\n', encoding='utf-8')
        return 0
    _check(path, json.loads(content[: content.index(b'\n')]), settings)
    if complete < len(content):
        with path.open('r+b') as file:
            file.truncate(complete)
    return content.count(b'\n') - 1


def _check(path: Path, found: dict, wanted: dict) -> None:
    differing = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
    if differing:
        changes = '; '.join(f'{key} was {found.get(key)!s:.80}, is {wanted.get(key)!s:.80}' for key in differing)
        raise ValueError(
            f'{path.parent} was begun with other settings ({changes}); remove the folder, choose another one, or go on '
            'with the settings it has'
        )


def make_each(make: Make, todo: range, num_workers: int = 0) -> Iterator[Any]:
    """Call a function with each number.

    Args:
        make: The function; it is pickled for the processes once.
        todo: The numbers.
        num_workers: Processes; 0 works in this one.

    Yields:
        What it makes, in the order of the numbers.
    """
    if not num_workers:
        yield from map(make, todo)
        return
    # Given at the start, not with every task: it may hold much.
    with Pool(num_workers, _start, (make,)) as pool:
        yield from pool.imap(_call, todo, _CHUNK)


def _start(make: Make) -> None:
    global _make  # noqa: PLW0603
    end_with_parent()
    _make = make
    cv2.setNumThreads(0)  # OpenCV's own threads would fight over the cores, and do not survive a fork


def _call(index: int) -> Any:
    return _make(index)
