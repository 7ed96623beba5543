"""Run lengths of Label Studio's brush."""

import numpy as np
import pytest

from mmosis.integrations.brush_rle import decode_brush, encode_brush
from mmosis.structures import RLEMasks


def paint(shape: tuple[int, int], *parts: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for part in parts:
        mask[part] = True
    return mask


# Bytes of label_studio_sdk 2.1.2: converter.brush.mask2rle(255 * mask.astype(numpy.uint8)).
RECORDED = {
    'small': (paint((4, 6), np.s_[1:3, 2:5]), '00000060391bfe1f00b7ff6c02dffe1b0000'),
    'corners': (paint((2, 4), np.s_[0:1, 0:1], np.s_[1:2, 3:4]), '00000020391bfc7ff85c023ff0'),
    'wide': (
        paint((200, 300), np.s_[90:120, 40:]),
        '0003a980391bffffff00f4cfe01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f807040'
        'fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f8'
        '07040fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103fff4f807040fffd3e01c103f'
        'ff4f807040fffd3e01c103fff4f807040fffffffe01ddbfc000',
    ),
}


@pytest.mark.parametrize(('mask', 'content'), RECORDED.values(), ids=RECORDED)
def test_bytes_are_those_of_the_sdk(mask: np.ndarray, content: str) -> None:
    assert encode_brush(RLEMasks.encode(mask[None]), 0) == list(bytes.fromhex(content))
    assert np.array_equal(decode_brush(list(bytes.fromhex(content)), mask.shape), mask)


@pytest.mark.parametrize('seed', range(20))
def test_any_mask_comes_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 90, 2).tolist()
    mask = rng.random((height, width)) < rng.choice([0, 0.02, 0.5, 1])
    assert np.array_equal(decode_brush(encode_brush(RLEMasks.encode(mask[None]), 0), (height, width)), mask)


def test_values_that_are_written_out_are_read() -> None:
    """As rle-pack writes them where neighbours differ: browsers do, over the edge of a painted region."""
    head = f'{8:032b}{7:05b}' + ''.join(f'{size - 1:04b}' for size in (3, 4, 8, 16))
    values = '0' + '00' + '111' + ''.join(f'{value:08b}' for value in (0, 0, 0, 0, 9, 9, 9, 200))
    bits = head + values
    content = int(bits.ljust(-(-len(bits) // 8) * 8, '0'), 2).to_bytes(-(-len(bits) // 8))
    assert decode_brush(list(content), (1, 2)).tolist() == [[False, True]]


@pytest.mark.parametrize(
    ('rle', 'message'),
    [
        ([300], 'is a list of bytes'),
        (None, 'is a list of bytes'),
        ('text', 'is a list of bytes'),
        ([], 'is cut off'),
        ([0, 0, 0, 96], 'has 96 values, its image asks for 32'),
        ([0, 0, 0, 32, 57], 'is cut off'),
        (list(bytes.fromhex('00000020391bffffffff')), 'reaches beyond its image'),
        ([255] * 20, 'its image asks for 32'),
    ],
)
def test_broken_bytes_are_refused(rle: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_brush(rle, (2, 4))
