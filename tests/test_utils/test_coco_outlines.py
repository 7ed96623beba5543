"""Compressed run lengths are added up as pycocotools would decode them, and broken ones are found."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmosis.utils import coco_outlines
from mmosis.utils.coco_outlines import count_run_pixels, first_wrong_runs, read_outline


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


@pytest.mark.parametrize('at_a_time', [1, 1000, 2**18])
def test_the_pixels_of_a_mask_are_those_of_its_image(monkeypatch: pytest.MonkeyPatch, at_a_time: int) -> None:
    monkeypatch.setattr(coco_outlines, 'CHARACTERS_AT_A_TIME', at_a_time)
    masks = _masks(60)
    texts = [mask_utils.encode(np.asfortranarray(mask))['counts'] for mask in masks]
    pixels, has_empty = count_run_pixels(texts)
    assert pixels.tolist() == [mask.size for mask in masks]
    assert not has_empty.any()
    assert [found.tolist() for found in count_run_pixels([])] == [[], []]


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
def test_broken_text_is_found_beside_whole_one(text: bytes) -> None:
    whole = mask_utils.encode(np.asfortranarray(np.eye(5, 7, dtype=np.uint8)))['counts']
    assert count_run_pixels([whole, text, whole, b''])[0].tolist() == [35, -1, 35, 0]


def test_a_run_below_0_is_found_though_the_sum_is_right() -> None:
    """The first is 10, 10, 10, then 10 - 12: pycocotools would take the last for four thousand million pixels."""
    assert count_run_pixels([b':::D', b':::N', b'::::'])[0].tolist() == [-1, 10 + 10 + 10 + 8, 10 + 10 + 10 + 20]


def test_the_first_wrong_one_is_told() -> None:
    good, short, turned = (
        dict(size=size, counts=runs) for size, runs in (([2, 3], [1, 5]), ([2, 3], [5]), ([3, 2], [6]))
    )
    assert first_wrong_runs([good, good], [(2, 3)] * 2) is None
    assert first_wrong_runs([good, short, turned], [(2, 3)] * 3) == (
        1,
        'RLE must have runs of 6 pixels in all, as its image, got runs of 5',
    )
    assert first_wrong_runs([turned], [(2, 3)]) == (
        0,
        'RLE must have the size of its image, [2, 3] ([height, width]), got [3, 2]',
    )


def test_what_pycocotools_gives_is_read_as_it_is() -> None:
    """Bytes, and numbers of NumPy."""
    mask = np.eye(5, 7, dtype=np.uint8)
    rle = mask_utils.encode(np.asfortranarray(mask))
    assert read_outline(rle, mask.shape) == dict(size=[5, 7], counts=rle['counts'].decode())
    square = np.array([[0, 0, 4, 0, 4, 4]], np.float32)
    assert read_outline(list(square), mask.shape) == [[0, 0, 4, 0, 4, 4]]
    assert read_outline(None, mask.shape) is None
