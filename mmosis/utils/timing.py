"""Time steps for benchmarks."""

import statistics
import sys
import time
from collections.abc import Callable


def median_seconds(step: Callable[[], object], repeats: int) -> float:
    """Time a step so many times and take the median; a first call does not count, and a GPU is waited for."""
    torch = sys.modules.get('torch')  # without it no GPU computes
    seconds = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        step()
        if torch is not None and torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])
