"""Time steps in turns, and take medians."""

from collections.abc import Callable, Mapping
from typing import Any

from analysis.step_timing import Step, Taken, medians, time_step, wait_for_gpu


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
