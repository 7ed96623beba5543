"""SessionHolder: keeps the session of a user between two events."""

from collections.abc import Callable
from threading import Lock, RLock
from typing import Any
from weakref import WeakSet

from .session import MAX_USER_PIXELS, Session

MAX_SERVER_PIXELS = 4 * MAX_USER_PIXELS  # of the images of all users


class PixelBudget:
    """Limit of the pixels of all users' images together."""

    def __init__(self) -> None:
        self.holders: WeakSet[SessionHolder] = WeakSet()
        self.lock = Lock()

    def add(self, holder: 'SessionHolder') -> None:
        with self.lock:
            self.holders.add(holder)

    def num_free_pixels(self) -> int:
        with self.lock:
            return MAX_SERVER_PIXELS - sum(holder.session.num_pixels for holder in self.holders)


class SessionHolder:
    """Holds the session of one user, which events change one after the other, also while a search runs.

    Attributes:
        session: What the user has by now.
        lock: To be held while it is changed and shown.
        budget: Of all users.
    """

    def __init__(self, budget: PixelBudget) -> None:
        self.session = Session()
        self.lock = RLock()
        self.budget = budget
        self._search = 0  # number of what was asked for last, a search or a stop
        self._waiting = 0  # number of the search that was asked for and has not started, or 0
        budget.add(self)

    def __deepcopy__(self, memo: dict) -> 'SessionHolder':
        """Gradio copies the first value for each user."""
        return SessionHolder(self.budget)

    @property
    def max_pixels(self) -> int:
        """Pixels that all its images may have: those of a user, or less where other users leave less."""
        return min(MAX_USER_PIXELS, self.budget.num_free_pixels() + self.session.num_pixels)

    def change(self, action: Callable[..., Session], *values: Any) -> bool:
        """Let an action of the session and the values make the new session; returns whether it is another one."""
        with self.lock:
            before, self.session = self.session, action(self.session, *values)
            return self.session is not before

    def ask_search(self) -> None:
        """Ask for a search, which may have to wait; it ends the one that runs, after the scene that it is at."""
        with self.lock:
            self._search += 1
            self._waiting = self._search

    def start_search(self) -> Callable[[], bool]:
        """Start the search that waits; returns whether it may go on: if there is one, until a stop or a new one."""
        with self.lock:
            number, self._waiting = self._waiting, 0
        return lambda: number > 0 and self._search == number

    def stop_search(self) -> None:
        """Stop the search that runs, after the scene that it is at, or that waits."""
        with self.lock:
            self._search += 1
