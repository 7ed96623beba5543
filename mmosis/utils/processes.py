"""Make things in several processes, in order."""

from collections.abc import Callable, Iterator
from multiprocessing import Pool
from typing import Any

import cv2

Make = Callable[[int], Any]

_CHUNK = 4
_make: Make


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
    _make = make
    cv2.setNumThreads(0)  # OpenCV's own threads would fight over the cores, and do not survive a fork


def _call(index: int) -> Any:
    return _make(index)
