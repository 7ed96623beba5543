"""How far long work is: a bar in a terminal, a line now and then in a log."""

import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import TypeVar

from rich import progress as bars
from rich.console import Console

Item = TypeVar('Item')

PARTS = 10
PATIENCE = 300.0  # seconds

_running: ContextVar['Progress | None'] = ContextVar('running', default=None)


def track(
    iterable: Iterable[Item], description: str, total: int | None = None, disable: bool = False
) -> Iterator[Item]:
    """Show how far a loop is.

    Args:
        iterable: What it goes through.
        description: What is done, in a word or two.
        total: How many items there are; by default the iterable's length; 0 if nobody knows.
        disable: Whether to show nothing.

    Yields:
        The items.
    """
    if disable:
        yield from iterable
        return
    with Progress(description, len(iterable) if total is None else total) as progress:
        for item in iterable:
            yield item
            progress.advance()


def report_part(part: str, done: int, total: int) -> None:
    """Report how far the present step is in the bar that this thread runs; where it runs none, nothing.

    Args:
        part: What the step has several of, in a word.
        done: How many of them are done.
        total: How many there are.
    """
    running = _running.get()
    if running is not None:
        running.report(f'{part} {done}/{total}')


class Progress:
    """How far work of a known length is, on stdout; it ends with the ``with`` block, or by :meth:`stop`.

    Where nobody watches, there is a line for every tenth, and one where five minutes have passed without.

    Args:
        description: What is done, in a word or two.
        total: Steps in all, or 0 if nobody knows.
        completed: Steps that were done before.
    """

    def __init__(self, description: str, total: int, completed: int = 0) -> None:
        self._description, self._total, self._completed = description, total, completed
        self._start = self._reported = time.monotonic()
        console = Console()
        self._bar = _start_bar(console, description, total, completed) if _is_watched(console) else None
        self._outer: Progress | None = None

    def __enter__(self) -> 'Progress':
        self._outer = _running.get()
        _running.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        _running.set(self._outer)

    def advance(self, description: str | None = None) -> None:
        """Count one more step, and set the description if one is given."""
        self._completed += 1
        self._description = description or self._description
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], advance=1, description=self._description)
        elif self._is_due():
            self._print()

    def report(self, part: str) -> None:
        """Report how far the present step is."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=f'{self._description}, {part}', refresh=True)
        elif self._is_overdue():
            self._print(part)

    def stop(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.stop()

    def _is_due(self) -> bool:
        if not self._total:
            return self._is_overdue()
        tenths = [PARTS * completed // self._total for completed in (self._completed - 1, self._completed)]
        return tenths[0] < tenths[1] or self._is_overdue()

    def _is_overdue(self) -> bool:
        return time.monotonic() - self._reported >= PATIENCE

    def _print(self, *parts: str) -> None:
        self._reported = time.monotonic()
        state = ', '.join([f'{self._completed}/{self._total or "?"}', *parts, f'{self._reported - self._start:.0f} s'])
        print(f'{self._description}: {state}', flush=True)


def _is_watched(console: Console) -> bool:
    return console.is_interactive or console.is_jupyter


def _start_bar(console: Console, description: str, total: int, completed: int) -> bars.Progress:
    columns = (bars.TextColumn('{task.description}'), bars.BarColumn(), bars.MofNCompleteColumn())
    bar = bars.Progress(*columns, bars.TimeElapsedColumn(), bars.TimeRemainingColumn(), console=console)
    bar.add_task(description, total=total or None, completed=completed)
    bar.start()
    return bar
