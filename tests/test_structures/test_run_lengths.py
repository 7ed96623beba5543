"""Run lengths from edges are those of pycocotools' own encoder, byte for byte."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

from mmosis.structures import RLEMasks
from mmosis.structures.run_lengths import encode_array, encode_part, encode_tensor

WAYS = dict(array=encode_array, small=encode_array, tensor=lambda masks: encode_tensor(torch.from_numpy(masks)))


@pytest.fixture(params=WAYS)
def encode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[np.ndarray], list[dict]]:
    if request.param == 'array':  # else these masks are small
        monkeypatch.setattr('mmosis.structures.run_lengths.SMALL', 0)
    return WAYS[request.param]


def truth(masks: np.ndarray) -> list[dict]:
    """What pycocotools' encoder writes."""
    return [mask_utils.encode(np.asfortranarray(mask, dtype=np.uint8)) for mask in masks]


@pytest.mark.parametrize('shape', [(1, 1), (1, 9), (9, 1), (2, 2), (6, 9), (40, 33), (300, 200)])
@pytest.mark.parametrize('fraction', [0.0, 0.01, 0.5, 0.99, 1.0])
def test_random_empty_and_full_masks(encode, shape, fraction):
    masks = np.random.default_rng(0).random((7, *shape)) < fraction
    assert encode(masks) == truth(masks)


def test_masks_that_touch_borders(encode):
    """Blocks from and to every row and column; where one ends at the foot and the next begins at the head, too."""
    height, width = 5, 4
    rows = [(a, b) for a in range(height) for b in range(a + 1, height + 1)]
    columns = [(a, b) for a in range(width) for b in range(a + 1, width + 1)]
    masks = np.zeros((len(rows) * len(columns), height, width), bool)
    blocks = [(*row, *column) for row in rows for column in columns]
    for mask, (y1, y2, x1, x2) in zip(masks, blocks, strict=True):
        mask[y1:y2, x1:x2] = True
    stairs = np.tril(np.ones((height, width), bool))
    masks = np.concatenate([masks, ~masks, stairs[None], stairs[::-1][None]])
    assert encode(masks) == truth(masks)


def test_neighbours_do_not_mix(encode):
    """A mask that is full at its end, before one that is full at its beginning."""
    masks = np.zeros((4, 6, 5), bool)
    masks[0, :, -1] = masks[1, :, 0] = masks[3] = True
    assert encode(masks) == truth(masks)


def test_no_masks(encode):
    assert encode(np.zeros((0, 6, 9), bool)) == []


@pytest.mark.parametrize(
    ('part', 'corner'), [((4, 5), (2, 3)), ((10, 5), (7, 0)), ((10, 12), (0, 0)), ((1, 1), (11, 9))]
)
def test_parts_are_encoded_as_the_whole_image(part, corner):
    masks = np.random.default_rng(1).random((20, *part)) < np.linspace(0, 1, 20)[:, None, None]
    whole = np.zeros((20, 10, 12), bool)
    (x, y), (h, w) = corner, part
    whole[:, y : y + h, x : x + w] = masks
    encoded = RLEMasks.encode_parts(((mask, corner) for mask in masks), (10, 12))
    assert encoded.rles == truth(whole)
    assert encoded.img_shape == (10, 12)


@pytest.mark.parametrize('part', [(0, 0), (0, 3), (3, 0)])
def test_a_part_without_pixels_is_an_empty_mask(part):
    assert encode_part(np.zeros(part, bool), (12, 10), (10, 12)) == truth(np.zeros((1, 10, 12), bool))[0]


@pytest.mark.parametrize('pixels', [1, 600, 1300, 10_000])
def test_a_tensor_is_encoded_some_masks_at_a_time(monkeypatch, pixels):
    masks = np.random.default_rng(3).random((7, 20, 30)) < 0.5
    monkeypatch.setattr('mmosis.structures.run_lengths.PIXELS_AT_A_TIME', pixels)
    assert encode_tensor(torch.from_numpy(masks)) == truth(masks)


def test_a_tensor_and_an_array_are_encoded_alike():
    masks = np.random.default_rng(2).random((3, 20, 30)) < 0.5
    encoded = RLEMasks.encode(torch.from_numpy(masks))
    assert encoded.rles == RLEMasks.encode(masks).rles == truth(masks)
    assert encoded.img_shape == (20, 30)


def test_a_tensor_that_is_not_on_the_host_is_encoded_where_it_is(monkeypatch):
    """What a GPU would do, on torch's device without data: it is not copied as one."""
    seen = []
    monkeypatch.setattr('mmosis.structures.rle_masks.encode_tensor', lambda masks: seen.append(masks.device.type) or [])
    RLEMasks.encode(torch.zeros(2, 20, 30, dtype=torch.bool, device='meta'))
    assert seen == ['meta']
