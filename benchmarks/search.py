"""Time a user's search with many references: in one call, in separate calls and from a bank."""

from collections.abc import Sequence

import numpy as np

from mmosis.search import OneShotInferencer
from mmosis.utils.rng import generator

from .measured import Measured, Row, rows_of_ways
from .timing import time_in_turns

CROP = (160, 120)


def measure_searches(inferencer: OneShotInferencer, numbers: Sequence[int], image_size: int, repeats: int) -> Measured:
    """Time searches of one image of noise, in turns; every reference is a category of its own.

    Args:
        inferencer: What searches.
        numbers: How many references.
        image_size: Side of the image.
        repeats: Rounds, of which medians count.
    """
    rng = generator(0, 'pixels')
    image = rng.integers(0, 256, (image_size, image_size, 3), dtype='uint8')
    crops = list(rng.integers(0, 256, (max(numbers), *CROP, 3), dtype='uint8'))
    rows = [row for number in numbers for row in _measure(inferencer, image, crops[:number], repeats)]
    return Measured(f'a search of an image of {image_size} pixels, {inferencer.precision}', rows)


def _measure(inferencer: OneShotInferencer, image: np.ndarray, crops: list[np.ndarray], repeats: int) -> list[Row]:
    references = [dict(img=crop, name=f'category {i}') for i, crop in enumerate(crops)]
    bank = inferencer.encode(references)
    ways = {
        'separate calls': lambda: [inferencer(image, reference) for reference in references],
        'one call': lambda: inferencer(image, references),
        'one call, from a bank': lambda: inferencer(image, bank),
        'encoding of the references alone': lambda: inferencer.encode(references),
    }
    return rows_of_ways(len(crops), time_in_turns(ways, repeats))
