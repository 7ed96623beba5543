"""Bilinear resizing with a border that blends with 0."""

import numpy as np
import pytest

from mmosis.utils.resize import fit_to_box, resize_bilinear


def test_the_border_blends_with_zero_and_the_inside_stays() -> None:
    doubled = resize_bilinear(np.full((3, 3), 100.0), (6, 6), anti_aliasing=True)
    # The centre of the first new pixel lies a quarter of a pixel outside of the first old centre.
    np.testing.assert_allclose(doubled[0, 1:-1], 75)
    np.testing.assert_allclose(doubled[0, 0], 75 * 0.75)
    np.testing.assert_allclose(doubled[1:-1, 1:-1], 100)


def test_a_ramp_is_interpolated() -> None:
    ramp = np.arange(8.0)[None].repeat(4, axis=0)
    np.testing.assert_allclose(resize_bilinear(ramp, (4, 16), False)[1, 1:-1], np.arange(14) / 2 + 0.25)


def test_colours_do_not_mix() -> None:
    picture = np.zeros((5, 7, 3), np.uint8)
    picture[..., 1] = 200
    resized = resize_bilinear(picture, (9, 4), anti_aliasing=True)
    assert resized.shape == (9, 4, 3)
    assert not resized[..., [0, 2]].any()
    assert resized[..., 1].min() > 0


@pytest.mark.parametrize(('anti_aliasing', 'contrast'), [(False, 255), (True, 20)])
def test_shrinking_loses_fine_stripes_only_if_it_blurs_first(anti_aliasing: bool, contrast: int) -> None:
    stripes = np.tile(np.array([255, 0, 0, 0], np.uint8), (40, 10))
    inside = resize_bilinear(stripes, (40, 8), anti_aliasing)[4:-4, 1:-1]
    assert np.ptp(inside) <= contrast
    assert (np.ptp(inside) > 100) == (not anti_aliasing)


def test_a_mask_is_fitted_to_its_box() -> None:
    part, x, y = fit_to_box(np.ones((4, 4)), (5, 7, 15, 12), False)
    assert (part.shape, x, y) == ((5, 10), 5, 7)
    assert fit_to_box(np.ones((4, 4)), (5, 7, 5, 12), False)[0].shape == (0, 0)
