"""Boxes as shares of a frame, of either library."""

import numpy as np
import torch

from mmosis.utils.box_shares import boxes_out_of_window, from_shares, have_area, to_shares, within_window

SHAPE = (101, 201)


def test_the_last_pixel_ends_at_one() -> None:
    assert to_shares((0, 0, 201, 101), SHAPE) == (0, 0, 1, 1)
    assert to_shares((100, 25, 101, 26), SHAPE) == (0.5, 0.25, 0.5, 0.25)


def test_shares_become_the_same_pixels_again_of_either_library() -> None:
    boxes = np.array([[3, 4, 50, 60], [0, 7.5, 201, 80]])
    for sides in (boxes.T, torch.from_numpy(boxes).unbind(-1)):
        np.testing.assert_allclose(np.stack(from_shares(to_shares(sides, SHAPE), SHAPE), axis=1), boxes)


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
