"""Masks are pasted as mmdet pastes them, and as the published code does."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmengine.config import ConfigDict

from mmosis.search.onnx.paste import crop_mask, paste_masks
from projects.published import PublishedMaskHead

IMG_SHAPE = (60, 90)
BILINEAR = dict(paste='bilinear', threshold=0.5)
WHOLE_PIXELS = dict(paste='whole_pixels', threshold=0.5, anti_aliasing=False)


def make_masks(count: int) -> np.ndarray:
    """Smooth masks (count, 28, 28)."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((count, 1, 6, 6), np.float32))
    return torch.nn.functional.interpolate(coarse, (28, 28), mode='bilinear')[:, 0].numpy()


def make_boxes(count: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    corners = np.sort(rng.uniform(0, 1, (count, 2, 2)), axis=1).reshape(count, 4)
    return (corners * [IMG_SHAPE[1], IMG_SHAPE[0], IMG_SHAPE[1], IMG_SHAPE[0]]).astype(np.float32)


def test_as_mmdet_pastes() -> None:
    masks, boxes = make_masks(40), make_boxes(40)
    # Larger than the image, of less than a pixel, at the border.
    boxes[:3] = [[-8, -5, 120, 80], [10.2, 10.3, 10.6, 10.9], [80.5, 0, 90, 60]]
    expected, _ = _do_paste_mask(
        torch.from_numpy(masks)[:, None], torch.from_numpy(boxes), *IMG_SHAPE, skip_empty=False
    )
    found = paste_masks(masks, boxes, IMG_SHAPE, BILINEAR)
    assert found.any(axis=(1, 2)).sum() > 30
    assert np.mean(found == (expected >= 0.5).numpy()) > 0.9999


def test_a_box_without_width_is_pasted_as_by_mmdet() -> None:
    masks, boxes = np.ones((1, 28, 28), np.float32), np.array([[20, 10, 20, 30]], np.float32)
    expected, _ = _do_paste_mask(torch.from_numpy(masks)[:, None], torch.from_numpy(boxes), *IMG_SHAPE)
    crop, (x, y) = crop_mask(masks[0], boxes[0], IMG_SHAPE, BILINEAR)
    assert (x, y) == (19, 9)
    np.testing.assert_array_equal(crop, (expected[0] >= 0.5).numpy())


def test_a_crop_is_no_larger_than_its_box_and_a_pixel_around() -> None:
    crop, corner = crop_mask(make_masks(1)[0], np.array([30.5, 20, 40, 29]), (4000, 6000), BILINEAR)
    assert corner == (29, 19)
    assert crop.shape == (11, 12)


def test_none_is_pasted_of_none() -> None:
    assert paste_masks(np.zeros((0, 28, 28)), np.zeros((0, 4)), IMG_SHAPE, BILINEAR).shape == (0, *IMG_SHAPE)


@pytest.mark.parametrize('anti_aliasing', [False, True])
def test_in_whole_pixels_as_the_published_head(anti_aliasing: bool) -> None:
    masks = make_masks(20)
    boxes = make_boxes(20).clip(0, [90, 60, 90, 60]).astype(np.float32)
    boxes[0] = [10.2, 5, 10.4, 20]  # no area in whole pixels
    fractions = (boxes - [0, 0, 1, 1]) / ([IMG_SHAPE[1] - 1, IMG_SHAPE[0] - 1] * 2)
    head = SimpleNamespace(anti_aliasing=anti_aliasing)
    expected = PublishedMaskHead._predict_by_feat_single(
        head,
        torch.logit(torch.from_numpy(masks))[:, None],
        torch.from_numpy(fractions),
        torch.zeros(20),
        dict(img_shape=IMG_SHAPE),
        ConfigDict(mask_thr_binary=0.5),
    )
    found = paste_masks(masks, boxes, IMG_SHAPE, dict(WHOLE_PIXELS, anti_aliasing=anti_aliasing))
    assert not found[0].any()
    assert np.mean(found == expected.numpy()) > 0.9999


def test_what_cannot_be_pasted_is_reported() -> None:
    with pytest.raises(ValueError, match='every box has its mask, got 2 masks of 1 boxes'):
        paste_masks(np.zeros((2, 28, 28)), np.zeros((1, 4)), IMG_SHAPE, BILINEAR)
    with pytest.raises(ValueError, match="one of the rules bilinear, whole_pixels, got 'nearest'"):
        crop_mask(np.zeros((28, 28)), np.zeros(4), IMG_SHAPE, dict(paste='nearest'))
