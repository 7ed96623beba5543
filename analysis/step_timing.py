"""How long a step takes, by the clock and of the processor, and how much memory the process has taken."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

Step = Callable[[], Any]


class Taken(NamedTuple):
    """How long a step took.

    Attributes:
        seconds: By the clock.
        processor_seconds: Of all threads of this process together; other work on the machine hardly disturbs them.
    """

    seconds: float
    processor_seconds: float


def time_step(step: Step) -> tuple[Any, Taken]:
    """What a step gives, and how long it takes; a GPU is waited for."""
    start, processor_start = time.perf_counter(), time.process_time()
    out = step()
    wait_for_gpu()
    return out, Taken(time.perf_counter() - start, time.process_time() - processor_start)


def medians(taken: list[Taken]) -> Taken:
    """Median of each of both."""
    return Taken(*map(statistics.median, zip(*taken, strict=True)))


def wait_for_gpu() -> None:
    """Wait until a GPU has finished its work, where there is one."""
    torch = sys.modules.get('torch')  # without it no GPU computes
    if torch is not None and torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_memory() -> int:
    """Most memory that this process has held, in bytes; on Linux also what its parent held when it was started."""
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
