"""Label Studio's run lengths of brush masks: thi.ng's rle-pack over the rows of an image of four channels.

A head of 32 bits for the number of values, 5 for the bits of one less 1, and 4 for each of four sizes of runs less 1;
then chunks, each of a bit, 2 bits for the size, the number of values less 1, and either the value that repeats or,
after a 0 bit, all values. What is written is, byte for byte, what ``label_studio_sdk.converter.brush.mask2rle`` writes.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from mmosis.structures import RLEMasks

CHANNELS, VALUE_BITS, SIZES = 4, 8, (3, 4, 8, 16)
PAINTED = 255
OPAQUE = 3  # the channel that a mask is read from


def encode_brush(masks: RLEMasks, row: int) -> list[int]:
    """Encode a mask; only the part that it covers is decoded.

    Returns:
        list: Bytes.
    """
    height, width = masks.img_shape
    runs = _row_runs(*masks.cut(row), (height, width))
    head = f'{CHANNELS * height * width:032b}{VALUE_BITS - 1:05b}' + ''.join(f'{size - 1:04b}' for size in SIZES)
    chunks = [chunk for i, run in enumerate(runs) for chunk in _write_run(CHANNELS * run, PAINTED * (i % 2))]
    bits = head + ''.join(chunks)
    bits += '0' * (8 - len(bits) % 8)  # a whole byte where none is needed, as the SDK has it
    return list(int(bits, 2).to_bytes(len(bits) // 8))


def _row_runs(part: np.ndarray, corner: tuple[int, int], img_shape: tuple[int, int]) -> list[int]:
    """Lengths of the runs of an image along its rows, zeros first, of a mask (h, w) with its corner at (x, y)."""
    (x, y), (height, width) = corner, img_shape
    rows, columns = np.nonzero(np.diff(np.pad(part, ((0, 0), (1, 1))), axis=1))
    edges = (rows + y) * width + columns + x
    # From the end of one row to the start of the next a run goes on: its end and the next start are no edges.
    edges, times = np.unique(edges, return_counts=True)
    edges = edges[(times == 1) & (edges < height * width)]
    return np.diff(edges, prepend=0, append=height * width).tolist()


def _write_run(length: int, value: int) -> Iterator[str]:
    index = next((i for i, size in enumerate(SIZES) if length <= 2**size), len(SIZES) - 1)
    while length:
        part = min(length, 2 ** SIZES[index])
        yield f'1{index:02b}{part - 1:0{SIZES[index]}b}{value:08b}'
        length -= part


def decode_brush(rle: Sequence[int], img_shape: tuple[int, int]) -> np.ndarray:
    """Decode a mask that was painted in Label Studio.

    Args:
        rle: Bytes.
        img_shape: (H, W) of its image.

    Returns:
        np.ndarray: (H, W) bool.

    Raises:
        ValueError: If they are no run lengths of such an image.
    """
    try:
        data = bytes(rle)
    except (TypeError, ValueError) as error:
        raise ValueError('the rle of a brush is a list of bytes') from error
    values = _read_values(_BitReader(data), CHANNELS * img_shape[0] * img_shape[1])
    return values.reshape(*img_shape, CHANNELS)[..., OPAQUE] > 0


def _read_values(bits: '_BitReader', expected: int) -> np.ndarray:
    count = bits.read(32)
    if count != expected:
        raise ValueError(f'the rle of a brush has {count} values, its image asks for {expected}')
    value_bits = bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in SIZES]
    values = np.zeros(count, bool)
    at = 0
    while at < count:
        repeats = bits.read(1)
        end = at + 1 + bits.read(sizes[bits.read(2)])
        if end > count:
            raise ValueError('the rle of a brush has a run that reaches beyond its image')
        if repeats:
            values[at:end] = bits.read(value_bits) > 0
        else:
            values[at:end] = [bits.read(value_bits) > 0 for _ in range(end - at)]
        at = end
    return values


class _BitReader:
    """Reads bytes bit by bit, the highest first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def read(self, bits: int) -> int:
        end = self._at + bits
        if end > 8 * len(self._data):
            raise ValueError('the rle of a brush is cut off')
        chunk = int.from_bytes(self._data[self._at // 8 : (end + 7) // 8])
        self._at = end
        return chunk >> -end % 8 & (1 << bits) - 1
