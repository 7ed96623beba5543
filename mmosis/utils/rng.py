"""Explicit randomness: every draw is a function of (seed, keys)."""

import random
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

Key = int | str
BEYOND_IDS = 2**128


def generator(seed: int, *keys: Key) -> np.random.Generator:
    """Make the generator that belongs to a seed and some keys.

    The same arguments give the same stream on every machine, worker and rank; other keys give an independent one.

    Args:
        seed: The run's seed, >= 0.
        *keys: What the draw is for, e.g. ``('reference', img_id, cat_id, run)``; integers or words. A first word
            always comes with the same number of keys: numpy does not distinguish ``('order',)`` and ``('order', 0)``.

    Raises:
        ValueError: If the seed is negative.
    """
    return np.random.default_rng(_entropy(seed, keys))


def seed_globally(seed: int, *keys: Key) -> None:
    """Seed the global generators under (seed, keys): ``random``, ``numpy.random`` and torch's, of every device.

    Args:
        seed: The run's seed, >= 0.
        *keys: As in :func:`generator`.

    Raises:
        ValueError: If the seed is negative.
    """
    words = _words(seed, keys)
    random.seed(words[0])
    np.random.seed(words[1])
    torch.manual_seed(words[2])


@contextmanager
def seeded(seed: int, *keys: Key) -> Iterator[None]:
    """Run code of MMDetection that draws from the global generators under (seed, keys), then put the generators back.

    Covers ``random``, ``numpy.random`` and torch's CPU generator: what the transforms and samplers of mmcv and mmdet
    draw from.

    Args:
        seed: The run's seed, >= 0.
        *keys: As in :func:`generator`.

    Raises:
        ValueError: If the seed is negative.
    """
    words = _words(seed, keys)
    python_state, numpy_state, torch_state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        random.seed(words[0])
        np.random.seed(words[1])
        torch.default_generator.manual_seed(words[2])
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        torch.set_rng_state(torch_state)


def _words(seed: int, keys: tuple[Key, ...]) -> list[int]:
    return np.random.SeedSequence(_entropy(seed, keys)).generate_state(3).tolist()


def _entropy(seed: int, keys: tuple[Key, ...]) -> list[int]:
    if seed < 0:
        raise ValueError(f'a seed must be at least 0, got {seed} (for {keys})')
    return [int(seed), *map(_as_number, keys)]


def _as_number(key: Key) -> int:
    """A number of at least 0, as numpy wants it; negative ones go where no other id is."""
    if isinstance(key, str):
        return zlib.crc32(key.encode(errors='surrogatepass'))
    return int(key) if key >= 0 else BEYOND_IDS - int(key)
