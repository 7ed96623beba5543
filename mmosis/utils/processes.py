"""Make things in several processes, in order, and leave none of them behind."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pool
from typing import Any

import cv2

Make = Callable[[int], Any]

_CHUNK = 4
_POLL = 1.0  # seconds
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


def end_with_parent(started_by: int | None = None) -> None:
    """End this process soon after its parent has ended, however that did: one that is killed takes no child with it.

    Args:
        started_by: Process that has to live as well, e.g. the parent as it was when this process was started.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent and (started_by is None or _is_alive(started_by)):
            time.sleep(_POLL)
        print(f'process {os.getpid()} ends, since the one that started it is gone', file=sys.stderr, flush=True)
        os._exit(1)  # the main thread may wait for the others for half an hour

    threading.Thread(target=watch, name='end_with_parent', daemon=True).start()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True


def _start(make: Make) -> None:
    global _make  # noqa: PLW0603
    end_with_parent()
    _make = make
    cv2.setNumThreads(0)  # OpenCV's own threads would fight over the cores, and do not survive a fork


def _call(index: int) -> Any:
    return _make(index)
