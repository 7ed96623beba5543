"""SearchService: one model that many threads search with, in turns."""

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Event, Lock
from typing import Any

import numpy as np

from .base import SearchBase
from .named_banks import NamedBanks
from .options import SearchOptions
from .reference_bank import ReferenceBank
from .view_search import Searched, Step, finish


class Busy(RuntimeError):
    """More requests wait for the model than may."""


class SearchService:
    """One model for many threads: their searches take turns view by view, in the order in which they came.

    Args:
        inferencer: The model.
        banks: Banks by name; by default kept in memory.
        max_waiting: So many requests may wait while one is at work; the next one is refused.
    """

    def __init__(self, inferencer: SearchBase, banks: NamedBanks | None = None, max_waiting: int = 16) -> None:
        self.inferencer = inferencer
        self.banks = NamedBanks() if banks is None else banks
        self.max_waiting = max_waiting
        self._lock = Lock()
        self._num_requests = 0
        self._turns: deque[Event] = deque()  # the first one is at work

    def encode(self, references: Any, searched: Sequence | None = None) -> ReferenceBank:
        """Encode references as :meth:`SearchBase.encode` does.

        Raises:
            Busy: If too many requests wait.
            ValueError, TypeError, FileNotFoundError: If a reference cannot be used.
        """
        with self._place(), self._turn():
            return self.inferencer.encode(references, searched=searched)

    def search(self, image: np.ndarray, bank: ReferenceBank, options: SearchOptions) -> Generator[Step, None, Searched]:
        """Search an image view by view; closing the generator stops the search.

        Args:
            image: (H, W, 3) BGR uint8.
            bank: What to search for.
            options: How.

        Yields:
            Step: How many views have been searched, and how many there are by now.

        Returns:
            Searched: What was found.

        Raises:
            Busy: If too many requests wait; at the first step.
            ValueError: If the bank is of another model, or an option does not fit this one; at the first step.
        """
        with self._place(), closing(self.inferencer.search_batch([image], bank, options)) as steps:
            while True:
                with self._turn():
                    try:
                        step = next(steps)
                    except StopIteration as end:
                        return end.value[0]
                yield step

    def search_now(self, image: np.ndarray, bank: ReferenceBank, options: SearchOptions) -> Searched:
        """Run :meth:`search` through."""
        return finish(self.search(image, bank, options))

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Count a request from its start to its end."""
        with self._lock:
            if self._num_requests > self.max_waiting:
                raise Busy(f'{self._num_requests} searches wait already; try again later')
            self._num_requests += 1
        try:
            yield
        finally:
            with self._lock:
                self._num_requests -= 1

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for those that came before; a plain lock would let one thread take it again and again."""
        mine = Event()
        with self._lock:
            self._turns.append(mine)
            if self._turns[0] is mine:
                mine.set()
        mine.wait()
        try:
            yield
        finally:
            with self._lock:
                self._turns.popleft()
                if self._turns:
                    self._turns[0].set()
