"""Masks as annotation files have them: polygons, RLE of both forms, arrays."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmosis.utils.coco_outlines import list_polygons
from mmosis.utils.masks import decode_segmentation, mask_box

SHAPE = (12, 20)
MASK = np.zeros(SHAPE, dtype=np.uint8)
MASK[2:7, 4:11] = 1
SQUARE = [4, 2, 11, 2, 11, 7, 4, 7]


def _compressed(mask: np.ndarray) -> dict:
    rle = mask_utils.encode(np.asfortranarray(mask))
    return dict(size=rle['size'], counts=rle['counts'].decode())


def _uncompressed(mask: np.ndarray) -> dict:
    """Run lengths down the columns, zeros first."""
    runs, value = [0], 0
    for pixel in mask.T.ravel().tolist():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    return dict(size=list(mask.shape), counts=runs)


@pytest.mark.parametrize(
    'segmentation',
    [[SQUARE], _compressed(MASK), _uncompressed(MASK), MASK, 255 * MASK, MASK.astype(bool)],
    ids=['polygon', 'compressed', 'uncompressed', 'array', 'array of 255', 'array of bool'],
)
def test_every_form_gives_the_same_mask(segmentation):
    mask = decode_segmentation(segmentation, SHAPE)
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, MASK)


def test_parts_are_joined():
    other = [14, 8, 18, 8, 18, 11, 14, 11]
    expected = MASK.copy()
    expected[8:11, 14:18] = 1
    np.testing.assert_array_equal(decode_segmentation([SQUARE, other], SHAPE), expected)


def test_polygons_of_two_points_are_skipped():
    """Pycocotools takes the two points for the box x, y, width, height."""
    for parts in ([SQUARE, [0, 9, 3, 3]], [[0, 9, 3, 3], SQUARE]):
        np.testing.assert_array_equal(decode_segmentation(parts, SHAPE), MASK)


POINTS = [[4, 2], [11, 2], [11, 7], [4, 7]]


@pytest.mark.parametrize(
    'segmentation',
    [SQUARE, POINTS, [POINTS], [tuple(map(tuple, POINTS))], [SQUARE, POINTS], list(np.array(SQUARE, np.float32))],
    ids=['flat', 'points', 'polygons of points', 'tuples', 'mixed', 'numbers of numpy'],
)
def test_polygons_of_other_forms_are_read(segmentation):
    np.testing.assert_array_equal(decode_segmentation(segmentation, SHAPE), MASK)


def test_polygons_become_those_of_coco():
    assert list_polygons([SQUARE, POINTS]) == [SQUARE, SQUARE]
    for untouched in ([], [[]], [[0, 9, 3, 3]], [SQUARE, [0, 9, 3, 3]], [['4', '2']]):
        assert list_polygons(untouched) == untouched


@pytest.mark.parametrize('segmentation', [None, [], {}, [[0, 9, 3, 3]], [0, 9, 3, 3], [[0, 9], [3, 3]], [[]]])
def test_no_mask_is_refused(segmentation):
    with pytest.raises(ValueError, match='an object must have a mask, polygons of at least three points or RLE, got n'):
        decode_segmentation(segmentation, SHAPE)


@pytest.mark.parametrize('segmentation', [MASK.T, _compressed(MASK.T), _uncompressed(MASK.T)])
def test_a_mask_of_another_size_is_refused(segmentation):
    with pytest.raises(ValueError, match=r'the size of its image, .12, 20. .*, got .20, 12.'):
        decode_segmentation(segmentation, SHAPE)


@pytest.mark.parametrize('segmentation', [0 * MASK, _compressed(0 * MASK), [[30, 30, 40, 30, 40, 40]]])
def test_an_empty_mask_is_refused(segmentation):
    with pytest.raises(ValueError, match='a mask must cover at least one pixel, got an empty one'):
        decode_segmentation(segmentation, SHAPE)


def test_box_of_a_mask():
    mask = np.zeros((6, 9), np.uint8)
    assert mask_box(mask) == (0, 0, 0, 0)
    mask[2:5, 3:7] = 1
    assert mask_box(mask) == (3, 2, 7, 5)
