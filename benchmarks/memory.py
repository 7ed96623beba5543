"""Memory of processes, as Linux tells it, and a new process for what is measured."""

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

PROC = Path('/proc')


def in_new_process(function: Callable, *args: object) -> Any:
    """Call a function in a process that finds no memory another call has left, and may start processes of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        return pool.submit(function, *args).result()


def forget_peak() -> None:
    """Let the peak of this process begin anew."""
    (PROC / 'self/clear_refs').write_text('5')


def held(process: int | str = 'self') -> float:
    """Memory of a process, by default of this one, MiB."""
    return _read(str(process), 'status', 'VmRSS')


def peak() -> float:
    """The most that this process has held since :func:`forget_peak`, MiB."""
    return _read('self', 'status', 'VmHWM')


def held_together(processes: Iterable[int]) -> float:
    """Memory of processes together, MiB: a page of several processes counts once."""
    return sum(_read(str(process), 'smaps_rollup', 'Pss:') for process in processes)


def _read(process: str, file: str, name: str) -> float:
    lines = (PROC / process / file).read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024
