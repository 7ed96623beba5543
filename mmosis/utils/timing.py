"""Time steps for benchmarks."""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
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


def median_seconds(step: Step, repeats: int) -> float:
    """Time a step so many times and take the median; a first call does not count, and a GPU is waited for."""
    return time_in_turns(dict(step=step), repeats)['step'].seconds


def time_in_turns(
    steps: Mapping[str, Step], repeats: int, first: Callable[[Step], Any] = time_step
) -> dict[str, Taken]:
    """Time several steps in turns, so that what else the machine does slows all of them; a first round does not count.

    Args:
        steps: Steps by name.
        repeats: Rounds.
        first: What the first round does with each step, which must run it and may look on.

    Returns:
        dict: Medians, by name.
    """
    for step in steps.values():
        first(step)
    wait_for_gpu()
    taken = {name: [] for name in steps}
    for _ in range(repeats):
        for name, step in steps.items():
            taken[name].append(time_step(step)[1])
    return {name: medians(each) for name, each in taken.items()}


def medians(taken: list[Taken]) -> Taken:
    """Median of each of both."""
    return Taken(*map(statistics.median, zip(*taken, strict=True)))


def wait_for_gpu() -> None:
    """Wait until a GPU has done what it was told, where there is one."""
    torch = sys.modules.get('torch')  # without it no GPU computes
    if torch is not None and torch.cuda.is_available():
        torch.cuda.synchronize()
