"""Overlaps of masks and of their boundaries, counted by hand on an image of 100 x 100: a distance of 3 pixels."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from analysis.mask_overlaps import boundary_ious, paired_ious


def square(start: int, end: int) -> dict:
    return rectangle(start, end, start, end)


def rectangle(top: int, bottom: int, left: int, right: int) -> dict:
    mask = np.zeros((100, 100), np.uint8, order='F')
    mask[top:bottom, left:right] = 1
    return mask_utils.encode(mask)


def test_a_mask_that_is_a_pixel_too_small() -> None:
    """Rings of 924 and 900 pixels, the second a pixel further in: they share 608 of 1216."""
    assert paired_ious([square(11, 89)], [square(10, 90)]) == pytest.approx([78**2 / 80**2])
    assert boundary_ious([square(11, 89)], [square(10, 90)]) == pytest.approx([0.5])


def test_of_what_is_thin_all_is_boundary() -> None:
    thin, other = rectangle(40, 46, 10, 90), rectangle(42, 48, 10, 90)
    assert [overlaps([thin], [other])[0] for overlaps in (paired_ious, boundary_ious)] == pytest.approx([0.5, 0.5])


def test_the_border_of_the_image_is_boundary_too() -> None:
    """Half of the image and all of it: rings of 864 and 1164 pixels; they share three sides of the half."""
    half, all_of_it = rectangle(0, 100, 0, 50), square(0, 100)
    shared = 2 * 3 * 50 + 3 * 94
    assert boundary_ious([half], [all_of_it]) == pytest.approx([shared / (864 + 1164 - shared)])


def test_each_mask_is_compared_with_its_own_true_one() -> None:
    masks, true_masks = [square(0, 20), square(50, 60)], [square(0, 20), square(0, 20)]
    for overlaps in (paired_ious, boundary_ious):
        assert overlaps(masks, true_masks).tolist() == [1, 0]
        assert overlaps([], []).tolist() == []
        with pytest.raises(ValueError, match='each mask has a true one, got 2 and 1'):
            overlaps(masks, true_masks[:1])
