import copy
import pickle

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

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
