"""Images of copies of an object."""

import cv2
import numpy as np
import pytest

from benchmarks.crowds import make_crowd

THING = np.pad(np.full((40, 20, 3), (10, 200, 90), np.uint8), ((5, 5), (5, 5), (0, 0)))


@pytest.mark.parametrize('number', [1, 10, 100, 400])
def test_so_many_copies_that_do_not_touch(number: int) -> None:
    image, (x1, y1, x2, y2) = make_crowd(THING, number)
    assert image.shape == (768, 1024, 3)
    assert (cv2.connectedComponents((image[..., 1] > 100).astype(np.uint8))[0] - 1) == number
    first = image[y1:y2, x1:x2]
    assert first.shape[0] > first.shape[1]
    assert (first[..., 1] > 100).mean() > 0.4


def test_copies_that_would_be_too_small_are_refused() -> None:
    with pytest.raises(ValueError, match='40000 objects on an image of 1024 x 768 pixels would be too small'):
        make_crowd(THING, 40_000)
