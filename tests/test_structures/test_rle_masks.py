import copy
import pickle
import time
import tracemalloc

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmosis.structures import RLEMasks

SHAPE = (6, 9)


@pytest.fixture
def masks() -> np.ndarray:
    """Four masks: some pixels, a block, all, none."""
    masks = np.zeros((4, *SHAPE), dtype=bool)
    masks[0] = np.random.default_rng(0).random(SHAPE) > 0.5
    masks[1, 1:3, 4:8] = True
    masks[2] = True
    return masks


def test_decoding_gives_back_what_was_encoded(masks):
    encoded = RLEMasks.encode(masks)
    decoded = encoded.cpu().numpy()
    assert decoded.dtype == bool
    np.testing.assert_array_equal(decoded, masks)
    assert (len(encoded), encoded.img_shape) == (4, SHAPE)


def test_items_are_the_rles_that_pycocotools_reads(masks):
    rle = RLEMasks.encode(masks)[1]
    assert rle['size'] == list(SHAPE)
    assert isinstance(rle['counts'], bytes)


def test_no_mask_keeps_the_shape():
    empty = RLEMasks.encode(np.zeros((0, *SHAPE), dtype=bool))
    assert len(empty) == 0
    assert empty.cpu().numpy().shape == (0, *SHAPE)
    assert empty.numpy().dtype == bool


@pytest.mark.parametrize(
    ('index', 'rows'),
    [
        (slice(1, 3), [1, 2]),
        (slice(0, 4, 2), [0, 2]),
        (torch.tensor([True, False, False, True]), [0, 3]),
        (torch.tensor([2, 0]), [2, 0]),
        (np.array([3, 1]), [3, 1]),
        (torch.zeros(4, dtype=torch.bool), []),
        (2, [2]),
    ],
)
def test_instance_data_selects_masks_with_the_boxes(masks, index, rows):
    instances = InstanceData(bboxes=torch.arange(16.0).view(4, 4), masks=RLEMasks.encode(masks))
    selected = instances[index]
    assert isinstance(selected.masks, RLEMasks)
    assert selected.bboxes[:, 0].tolist() == [4.0 * row for row in rows]
    np.testing.assert_array_equal(selected.masks.numpy(), masks[rows])


def test_instance_data_joins_masks(masks):
    parts = [InstanceData(masks=RLEMasks.encode(masks[rows])) for rows in (slice(0, 1), slice(0, 0), slice(1, 4))]
    joined = InstanceData.cat(parts)
    assert isinstance(joined.masks, RLEMasks)
    np.testing.assert_array_equal(joined.masks.numpy(), masks)
    assert [len(part.masks) for part in parts] == [1, 0, 3]


@pytest.mark.parametrize('copied', [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_other_processes_get_the_same(masks, copied):
    encoded = copied(RLEMasks.encode(masks))
    np.testing.assert_array_equal(encoded.numpy(), masks)
    assert encoded[:0].numpy().shape == (0, *SHAPE)


class TestCrop:
    """``crop`` equals the crop of the decoded mask."""

    @pytest.mark.parametrize(
        'box', [(0, 0, 9, 6), (2, 1, 7, 5), (0, 0, 1, 1), (8, 5, 9, 6), (3, 0, 4, 6), (0, 3, 9, 4)]
    )
    def test_of_a_few_pixels(self, masks, box):
        encoded = RLEMasks.encode(masks)
        x1, y1, x2, y2 = box
        for index, mask in enumerate(masks):
            crop = encoded.crop(index, box)
            assert crop.dtype == bool
            np.testing.assert_array_equal(crop, mask[y1:y2, x1:x2])

    def test_of_random_masks(self):
        """Runs of one to thousands of pixels: counts of one to three digits, that grow and shrink."""
        rng = np.random.default_rng(0)
        for fraction in (0.001, 0.01, 0.1, 0.5, 0.9, 0.999):
            shape = tuple(rng.integers(60, 130, 2))
            drawn = rng.random((4, *shape)) < fraction
            drawn[1, 20:50, 10:40] = True
            drawn[2, :, 30:50] = False
            drawn[3, 0, 0] = True
            encoded = RLEMasks.encode(drawn)
            for index in range(4):
                x1, x2 = sorted(rng.choice(shape[1] + 1, 2, replace=False).tolist())
                y1, y2 = sorted(rng.choice(shape[0] + 1, 2, replace=False).tolist())
                np.testing.assert_array_equal(encoded.crop(index, (x1, y1, x2, y2)), drawn[index, y1:y2, x1:x2])

    def test_of_nothing(self, masks):
        assert RLEMasks.encode(masks).crop(0, (3, 2, 3, 5)).shape == (3, 0)

    def test_of_what_a_mask_covers(self, masks):
        part, (x, y) = RLEMasks.encode(masks).cut(0)
        expected = np.zeros(SHAPE, bool)
        expected[y : y + part.shape[0], x : x + part.shape[1]] = part
        np.testing.assert_array_equal(expected, masks[0])
        assert part.any(axis=0)[[0, -1]].all()
        assert part.any(axis=1)[[0, -1]].all()

    def test_of_an_empty_mask(self):
        assert RLEMasks.encode(np.zeros((1, 5, 6), bool)).cut(0)[0].shape == (0, 0)

    def test_of_a_large_image_is_cheap(self):
        """Decoded, the mask has 400 MB; its crop takes 60 columns."""
        side = 20_000
        rle = mask_utils.frPyObjects([[12_000, 3_000, 12_050, 3_000, 12_050, 3_040, 12_000, 3_040]], side, side)
        tracemalloc.start()
        crop = RLEMasks(rle, (side, side)).crop(0, (11_995, 2_990, 12_055, 3_045))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        expected = np.zeros((55, 60), bool)
        expected[10:50, 5:55] = True
        np.testing.assert_array_equal(crop, expected)
        assert peak < 20e6


@pytest.mark.parametrize('img_shape', [SHAPE, (6, 13), (10, 9), (11, 14)])
def test_pasted_masks_are_those_of_the_pasted_pixels(masks, img_shape):
    rng = np.random.default_rng(1)
    noise = [rng.random((5, *SHAPE)) < fraction for fraction in (0.1, 0.5, 0.9)]
    masks = np.concatenate([masks, *noise])
    for y in range(img_shape[0] - SHAPE[0] + 1):
        for x in range(img_shape[1] - SHAPE[1] + 1):
            truth = np.zeros((len(masks), *img_shape), dtype=bool)
            truth[:, y : y + SHAPE[0], x : x + SHAPE[1]] = masks
            pasted = RLEMasks.encode(masks).paste((x, y), img_shape)
            assert pasted.img_shape == img_shape
            np.testing.assert_array_equal(pasted.numpy(), truth)
            # Run for run what COCO's encoder writes: no empty runs, none cut in two.
            assert pasted.rles == RLEMasks.encode(truth).rles


def test_pasting_leaves_the_masks_of_the_tile_alone(masks):
    tile = RLEMasks.encode(masks)
    tile.paste((2, 3), (20, 20))
    np.testing.assert_array_equal(tile.numpy(), masks)


def test_pasting_no_mask_gives_the_shape_of_the_image():
    assert RLEMasks([], SHAPE).paste((2, 3), (20, 30)).numpy().shape == (0, 20, 30)


def test_pasting_costs_what_the_tile_costs_in_any_image(monkeypatch):
    side, large = 512, 20000
    disc = np.hypot(*(np.indices((side, side)) - 256)) < 200
    tile = RLEMasks.encode(np.stack([disc, np.ones_like(disc)]))
    # The arrays of pycocotools are none of those that tracemalloc counts.
    sizes, decode = [], mask_utils.decode
    monkeypatch.setattr(mask_utils, 'decode', lambda rle: sizes.append(tuple(rle['size'])) or decode(rle))
    tracemalloc.start()
    start = time.process_time()
    pasted = tile.paste((large - side, 12345), (large, large))
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 0.5
    assert peak < 10e6  # the image has 400e6 pixels
    assert set(sizes) <= {(side, side)}
    assert mask_utils.area(pasted.rles).tolist() == [disc.sum(), side * side]
    np.testing.assert_array_equal(
        mask_utils.toBbox(pasted.rles), [[large - 455, 12345 + 57, 399, 399], [large - side, 12345, side, side]]
    )


@pytest.mark.parametrize('corner', [(-1, 0), (0, -1), (12, 0), (0, 15)])
def test_a_tile_outside_the_image_is_an_error(masks, corner):
    with pytest.raises(ValueError, match=r'inside the 20x20 \(h x w\) image, got one of 6x9 at x -?\d+, y -?\d+'):
        RLEMasks.encode(masks).paste(corner, (20, 20))


def test_an_image_with_more_pixels_than_rle_counts_is_an_error(masks):
    tile = RLEMasks.encode(masks)
    assert mask_utils.area(tile.paste((60000, 60000), (65535, 65537)).rles).tolist() == masks.sum((1, 2)).tolist()
    with pytest.raises(ValueError, match=r'fewer than 2\*\*32 pixels, got 65536x65536'):
        tile.paste((0, 0), (65536, 65536))
