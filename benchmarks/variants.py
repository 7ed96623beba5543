"""Time several detectors in several precisions in turns, part by part."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from analysis.step_timing import Step, Taken, medians

from .machine import busy_seconds
from .measured import Measured, Row
from .parts import Parts

MIB = 2**20
Medians = dict[str, Taken]


@dataclass(frozen=True)
class Variant:
    """A detector in a precision.

    Attributes:
        detector: Its name.
        precision: 'fp32' or 'bf16'.
        step: What is timed.
        parts: Its parts.
        num_images: Images of a step.
    """

    detector: str
    precision: str
    step: Step
    parts: Parts
    num_images: int = 1


def measure_variants(
    title: str, variants: Sequence[Variant], repeats: int, peak: Mapping[str, float], device: str
) -> list[Measured]:
    """Time steps in turns; a first round counts multiply-adds.

    Args:
        title: What a step is.
        variants: The steps.
        repeats: Rounds, of which medians count.
        peak: G multiply-adds a second that the device reaches, see :func:`measure_peak`.
        device: 'cpu' or 'cuda'.

    Returns:
        list: A table of steps, which are compared with the first detector's in the same precision and each with its
            roofline bound, the time of its multiply-adds at the peak; and one of parts.
    """
    counts = [variant.parts.count(variant.step) for variant in variants]
    taken: list[dict[str, list[Taken]]] = [defaultdict(list) for _ in variants]
    memory = np.zeros(len(variants))
    for _ in range(repeats):
        for i, variant in enumerate(variants):
            memory[i] = max(memory[i], _run(variant, taken[i]))
    times = [{part: medians(rounds) for part, rounds in each.items()} for each in taken]
    steps = [
        _step_row(variant, time['total'], _first(variant, variants, times), used)
        | _beside_bound(time['total'], float(count['total'].item()) / 1e9 / _best(peak, variant.precision), device)
        for variant, time, used, count in zip(variants, times, memory.tolist(), counts, strict=True)
    ]
    parts = [
        _part_row(variant, part, time[part], float(count[part].item()) / 1e9, peak, device)
        for variant, time, count in zip(variants, times, counts, strict=True)
        for part in time
    ]
    reached = ', '.join(f'{name} {value:.0f}' for name, value in peak.items())
    note = f"the device's peak, G multiply-adds a second (of one core, where it is a CPU): {reached}"
    return [Measured(title, steps), Measured(f'{title}, by part', parts, [note])]


def _run(variant: Variant, taken: dict[str, list[Taken]]) -> int:
    """Add the times of a step, and tell the GPU's peak memory in bytes."""
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    for part, seconds in variant.parts.time(variant.step).items():
        taken[part].append(Taken(*seconds.tolist()))
    return torch.cuda.max_memory_allocated() if on_gpu else 0


def _first(variant: Variant, variants: Sequence[Variant], times: Sequence[Medians]) -> Taken:
    """What the first detector takes in a variant's precision."""
    same = (time for other, time in zip(variants, times, strict=True) if other.precision == variant.precision)
    return next(same)['total']


def _step_row(variant: Variant, time: Taken, first: Taken, memory: float) -> Row:
    return {
        'detector': variant.detector,
        'precision': variant.precision,
        's': time.seconds,
        'processor s': time.processor_seconds,
        'ratio': time.seconds / first.seconds,
        'ratio of processor s': time.processor_seconds / first.processor_seconds,
        'images/s': variant.num_images / time.seconds,
        'GPU memory, MiB': memory / MIB or None,
    }


def _best(peak: Mapping[str, float], precision: str) -> float:
    """The better of the device's two peaks in a precision."""
    return max(value for name, value in peak.items() if name.endswith(precision))


def _beside_bound(time: Taken, bound: float, device: str) -> Row:
    """Compare a step with its roofline bound: the seconds of its multiply-adds at the device's peak."""
    return {'bound, s': bound, 'times the bound': busy_seconds(time, device) / bound}


def _part_row(variant: Variant, part: str, time: Taken, count: float, peak: Mapping[str, float], device: str) -> Row:
    """A part, beside the better of the device's two peaks."""
    best, reached = _best(peak, variant.precision), count / busy_seconds(time, device)
    return {
        'detector': variant.detector,
        'precision': variant.precision,
        'part': part,
        's': time.seconds,
        'processor s': time.processor_seconds,
        'multiply-adds, G': count or None,
        'of the peak': f'{reached / best:.0%}' if count else None,
    }
