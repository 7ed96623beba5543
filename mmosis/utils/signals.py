"""SIGTERM and SIGHUP stop a command as Ctrl-C does: what it has found is written."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C; Slurm, systemd, docker, timeout; a closed terminal
PATIENCE = 60  # seconds in which no further signal disturbs what is written


class Stopped(KeyboardInterrupt):
    """A signal that asks the process to stop.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """Have the first of SIGNALS raise :class:`Stopped`; those that follow within PATIENCE do nothing.

    Schedulers send a signal to a process and again to its group, and people press Ctrl-C twice; the second must not
    interrupt what the first has begun to write. Signals that are ignored stay so, as ``nohup`` wants it, and outside of
    the main thread nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised: list[float] = []

    def stop(number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if not raised or now - raised[-1] > PATIENCE:
            raised.append(now)
            raise Stopped(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    changed = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for number in changed:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in changed.items():
            signal.signal(number, handler)
