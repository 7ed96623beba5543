"""Ranges (low, high), as the configs of scenes have them."""

from collections.abc import Container
from dataclasses import fields
from typing import Any

import numpy as np

Range = tuple[float, float]

_MIN_SIDE = 32


def check_range(name: str, value: Range, *, above_zero: bool = False) -> None:
    """Check a range.

    Args:
        name: What to call it in an error.
        value: The range.
        above_zero: Whether 0 is too low.

    Raises:
        ValueError: If it is no (low, high) with 0 <= low <= high, or has a 0 where that is too low.
    """
    if len(value) != 2 or not 0 <= value[0] <= value[1]:
        raise ValueError(f'{name} must be (low, high) with 0 <= low <= high, got {value}')
    if above_zero and value[0] == 0:
        raise ValueError(f'{name} must be above 0, got {value}')


def check_scene_config(config: Any, above_zero: Container[str] = (), no_ranges: Container[str] = ()) -> None:
    """Check what the frozen configs of scenes have in common, and turn their lists into tuples.

    Args:
        config: A dataclass with ``image_size``; fields whose default is a tuple are ranges, ``*_prob`` probabilities.
        above_zero: Ranges in which 0 is too low.
        no_ranges: Tuples that are no ranges.

    Raises:
        ValueError: If a range, a probability or the image size is out of bounds.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(field.default, tuple):
            object.__setattr__(config, field.name, tuple(value))
            if field.name not in no_ranges:
                check_range(field.name, value, above_zero=field.name in above_zero)
        elif field.name.endswith('_prob') and not 0 <= value <= 1:
            raise ValueError(f'{field.name} must be a probability, 0 to 1, got {value}')
    if config.image_size < _MIN_SIDE:
        raise ValueError(f'image_size must be at least {_MIN_SIDE} pixels, got {config.image_size}')


def draw_integer(rng: np.random.Generator, limits: tuple[int, int]) -> int:
    """Draw an integer of a range, both ends included."""
    return int(rng.integers(limits[0], limits[1] + 1))
