import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.registry import TRANSFORMS
from mmdet.structures.mask import BitmapMasks

from mmosis.datasets import PackOneShotInputs, PackReference
from mmosis.structures import Episode


def _results(**values) -> dict:
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return dict(img=image, img_id=7, img_path='a.jpg', img_shape=(4, 6), ori_shape=(4, 6), **values)


def _train(**values) -> dict:
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3]], dtype=np.float32)
    flags = np.array([False, True])
    return _results(gt_bboxes=boxes, gt_bboxes_labels=np.array([0, 0]), gt_ignore_flags=flags, **values)


def test_episodes_and_draw_travel_with_the_sample():
    episodes = [Episode(1, 20, ())]
    sample = PackOneShotInputs()(_train(episodes=episodes, draw=(3, 8)))['data_samples']
    assert sample.episodes == episodes
    assert sample.draw == sample.gt_instances.draw == (3, 8)
    assert (len(sample.gt_instances), len(sample.ignored_instances)) == (1, 1)
    assert sample.gt_instances[torch.tensor([True])].draw == (3, 8)


def test_the_rest_is_as_mmdet_packs_it():
    packed = PackOneShotInputs()(_results(scale_factor=(1.0, 1.0)))
    assert packed['inputs'].shape == (3, 4, 6)
    expected = dict(img_id=7, img_path='a.jpg', img_shape=(4, 6), ori_shape=(4, 6), scale_factor=(1.0, 1.0))
    assert packed['data_samples'].metainfo == expected


def test_a_reference_becomes_a_tensor_of_its_own_memory():
    results = _results()
    packed = PackReference()(results)
    assert list(packed) == ['ref_inputs']
    assert packed['ref_inputs'].dtype == torch.uint8
    np.testing.assert_array_equal(packed['ref_inputs'].numpy(), results['img'].transpose(2, 0, 1))
    results['img'][:] = 0
    assert packed['ref_inputs'].any()


@pytest.mark.parametrize(
    ('shape', 'resize', 'picture'),
    [
        ((80, 100), [dict(type='Resize', scale=(64, 64), keep_ratio=True)], (51, 64)),
        ((100, 80), [dict(type='Resize', scale=(64, 64), keep_ratio=True)], (64, 51)),
        ((100, 80), [dict(type='Resize', scale=(64, 48), keep_ratio=False)], (48, 64)),
        ((50, 40), [], (50, 40)),
    ],
)
@pytest.mark.parametrize('with_pad', [True, False])
def test_padding_is_no_picture_in_testing(shape, resize, picture, with_pad):
    pad = [dict(type='Pad', size=(64, 64))] if with_pad else []
    steps = [*resize, *pad, dict(type='PackOneShotInputs')]
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    packed = pipeline(dict(img=np.zeros((*shape, 3), dtype=np.uint8), img_shape=shape, ori_shape=shape))
    assert packed['data_samples'].img_shape == picture
    assert packed['inputs'].shape[1:] == ((64, 64) if with_pad else picture)


def test_a_mask_becomes_a_fourth_channel():
    mask = np.arange(24, dtype=np.uint8).reshape(4, 6)
    results = _results(gt_masks=BitmapMasks(mask[None], 4, 6))
    packed = PackReference()(results)['ref_inputs']
    assert (packed.shape, packed.dtype) == ((4, 4, 6), torch.uint8)
    np.testing.assert_array_equal(packed[:3].numpy(), results['img'].transpose(2, 0, 1))
    np.testing.assert_array_equal(packed[3].numpy(), mask)


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_a_mask_that_is_not_taken_is_full_everywhere(dtype):
    results = _results(gt_masks=None)
    results['img'] = results['img'].astype(dtype)
    packed = PackReference()(results)['ref_inputs']
    assert packed.shape == (4, 4, 6)
    assert packed.dtype == (torch.uint8 if dtype is np.uint8 else torch.float32)
    assert (packed[3] == 255).all()
