"""A picture in the middle of a square, and what moves with it; tests of projects/published compare with transforms."""

import numpy as np
import pytest

from mmosis.utils.published_frame import PublishedFrame, frame_reference

SIZES = (800, 1024)


def test_where_a_picture_goes() -> None:
    frame = PublishedFrame.of((334, 500), *SIZES)
    assert frame == PublishedFrame(2.048, (684, 1024), 1024)
    assert frame.corner == (0, 170)
    assert frame.window == (0, 170, 1024, 854)
    np.testing.assert_allclose(frame.box((0, 0, 500, 334)), (0, 170, 1024, 170 + 334 * 2.048))


def test_pixels_and_masks_go_to_the_same_place() -> None:
    frame = PublishedFrame.of((50, 100), 80, 160)
    picture, mask = np.full((50, 100, 3), 200, np.uint8), np.full((50, 100), 255, np.uint8)
    framed, framed_mask = frame.picture(picture, False), frame.mask(mask)
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
