"""Compressed run lengths are added up as pycocotools would decode them, and broken ones are found."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmosis.utils.coco_outlines import check_runs, decode_counts, read_outline


def _masks(num: int) -> list[np.ndarray]:
    """Masks of all sizes: noise, of short runs, and boxes, of long ones."""
    rng = np.random.default_rng(0)
    masks = []
    for number in range(num):
        mask = (rng.random(rng.integers(1, 150, 2)) < rng.random() ** 2).astype(np.uint8)
        if number % 2:
            mask[:] = 0
            mask[mask.shape[0] // 4 : mask.shape[0] // 2 + 1, mask.shape[1] // 3 :] = 1
        masks.append(mask)
    return [*masks, np.zeros((3, 4), np.uint8), np.ones((3, 4), np.uint8), np.zeros((9000, 9000), np.uint8)]


def test_the_pixels_of_a_mask_are_those_of_its_image() -> None:
    for mask in _masks(60):
        rle = mask_utils.encode(np.asfortranarray(mask))
        ends = np.cumsum(decode_counts(rle['counts']))
        assert ends[-1] == mask.size
        np.testing.assert_array_equal(ends[:-1], np.flatnonzero(np.diff(mask.ravel('F'), prepend=0)))
        assert check_runs(dict(rle, counts=rle['counts'].decode()), mask.shape) is False
    assert decode_counts(b'').tolist() == []


@pytest.mark.parametrize(
    'text',
    [
        b'garbage!',  # characters that are none of pycocotools'
        b'\xff',
        b'P',  # half a number
        b'1P',
        b'O',  # -1
        b'5500N',  # 5, 5, 0, 5, then 0 - 2
        b'PPPPPPPPPP0',  # a number of 11 characters
        b'oooooo0',  # more pixels than an image may have
    ],
)
def test_broken_text_is_refused(text: bytes) -> None:
    """More pixels than an image may have are counted; all else is no text of run lengths."""
    got = 'runs of 1073741823' if text == b'oooooo0' else 'text that holds no run lengths'
    with pytest.raises(ValueError, match=f'RLE must have runs of 35 pixels in all, as its image, got {got}'):
        check_runs(dict(size=[5, 7], counts=text.decode('latin-1')), (5, 7))


def test_a_run_below_0_is_found_though_the_sum_is_right() -> None:
    """The first is 10, 10, 10, then 10 - 12: pycocotools would take the last for four thousand million pixels."""
    assert [decode_counts(text).sum() for text in (b':::D', b':::N', b'::::')] == [28, 38, 50]
    assert decode_counts(b':::D').tolist() == [10, 10, 10, -2]


def test_what_is_wrong_is_reported() -> None:
    good, short, turned, parted = (
        dict(size=size, counts=runs)
        for size, runs in (([2, 3], [0, 6]), ([2, 3], [5]), ([3, 2], [6]), ([2, 3], [1, 2, 0, 3]))
    )
    assert check_runs(good, (2, 3)) is False
    assert check_runs(parted, (2, 3)) is True
    with pytest.raises(ValueError, match='RLE must have runs of 6 pixels in all, as its image, got runs of 5'):
        check_runs(short, (2, 3))
    with pytest.raises(ValueError, match=r'RLE must have the size of its image, \[2, 3\] .*, got \[3, 2\]'):
        check_runs(turned, (2, 3))


def test_what_pycocotools_gives_is_read_as_it_is() -> None:
    """Bytes, and numbers of NumPy."""
    mask = np.eye(5, 7, dtype=np.uint8)
    rle = mask_utils.encode(np.asfortranarray(mask))
    assert read_outline(rle, mask.shape) == dict(size=[5, 7], counts=rle['counts'].decode())
    square = np.array([[0, 0, 4, 0, 4, 4]], np.float32)
    assert read_outline(list(square), mask.shape) == [[0, 0, 4, 0, 4, 4]]
    assert read_outline(None, mask.shape) is None
