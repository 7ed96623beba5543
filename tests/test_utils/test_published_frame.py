"""An image in the middle of a square, and what moves with it; tests of projects/published compare with transforms."""

import numpy as np
import pytest
import torch

from mmosis.utils.published_frame import (
    PublishedFrame,
    boxes_out_of_window,
    fit_to_box,
    frame_reference,
    from_fractions,
    have_area,
    resize_bilinear,
    to_fractions,
    within_window,
)

SIZES = (800, 1024)


def test_where_an_image_goes() -> None:
    frame = PublishedFrame.of((334, 500), *SIZES)
    assert frame == PublishedFrame(2.048, (684, 1024), 1024)
    assert frame.corner == (0, 170)
    assert frame.window == (0, 170, 1024, 854)
    np.testing.assert_allclose(frame.box((0, 0, 500, 334)), (0, 170, 1024, 170 + 334 * 2.048))


def test_pixels_and_masks_go_to_the_same_place() -> None:
    frame = PublishedFrame.of((50, 100), 80, 160)
    image, mask = np.full((50, 100, 3), 200, np.uint8), np.full((50, 100), 255, np.uint8)
    framed, framed_mask = frame.image(image, False), frame.mask(mask)
    assert framed.shape == (160, 160, 3)
    np.testing.assert_array_equal(framed_mask == 255, framed.any(axis=2))
    assert framed_mask.sum() == 255 * 80 * 160


@pytest.mark.parametrize('mask', [None, np.full((50, 100), 255, np.uint8)])
def test_a_reference_comes_with_its_mask_or_without(mask: np.ndarray | None) -> None:
    img = np.full((50, 100, 3), 200, np.uint8)
    framed, framed_mask = frame_reference(img, (20, 10, 60, 30), mask, (80, 160), (24, 32), False)
    assert framed.shape == (32, 32, 3)
    if mask is None:
        assert framed_mask is None
    else:
        np.testing.assert_array_equal(np.argwhere(framed_mask)[[0, -1]], [[8, 0], [23, 31]])


def test_a_bad_box_is_refused() -> None:
    with pytest.raises(ValueError, match='a reference box must be xyxy with an area, inside the 50x100'):
        frame_reference(np.zeros((50, 100, 3), np.uint8), (20, 10, 20, 30), None, (80, 160), (24, 32), False)


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
    image = np.zeros((5, 7, 3), np.uint8)
    image[..., 1] = 200
    resized = resize_bilinear(image, (9, 4), anti_aliasing=True)
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


SHAPE = (101, 201)


def test_the_last_pixel_ends_at_one() -> None:
    assert to_fractions((0, 0, 201, 101), SHAPE) == (0, 0, 1, 1)
    assert to_fractions((100, 25, 101, 26), SHAPE) == (0.5, 0.25, 0.5, 0.25)


def test_shares_become_the_same_pixels_again_of_either_library() -> None:
    boxes = np.array([[3, 4, 50, 60], [0, 7.5, 201, 80]])
    for sides in (boxes.T, torch.from_numpy(boxes).unbind(-1)):
        np.testing.assert_allclose(np.stack(from_fractions(to_fractions(sides, SHAPE), SHAPE), axis=1), boxes)


def test_a_window_is_a_frame_of_its_own() -> None:
    assert within_window((0.25, 0.5, 0.75, 0.75), (0.25, 0.5, 0.75, 1)) == (0, 0, 1, 0.5)


def test_boxes_leave_the_window_in_whole_pixels() -> None:
    boxes = np.array([[112, 112, 912, 912], [192, 192, 272, 353]], np.float32)
    found = boxes_out_of_window(boxes, (1024, 1024), (112, 112, 912, 912), (100, 100))
    np.testing.assert_array_equal(found, [[0, 0, 100, 100], [10, 10, 21, 31]])
    assert found.dtype == np.float32


def test_which_have_area() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 0, 1], [2, 2, 3, 2]])
    assert have_area(boxes).tolist() == have_area(torch.from_numpy(boxes)).tolist() == [True, False, False]
