import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes, get_box_tensor
from mmdet.structures.mask import BitmapMasks

from mmosis.datasets import PackOneShotInputs, PackReference
from mmosis.datasets.transforms.formatting import OTHER
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


def _packed_with_others(labels: list[int], flags: list[bool], **values):
    num = len(labels)
    boxes = HorizontalBoxes(torch.arange(4.0 * num).reshape(num, 4))
    results = _results(gt_bboxes=boxes, gt_bboxes_labels=np.array(labels), gt_ignore_flags=np.array(flags))
    results['gt_masks'] = BitmapMasks(np.arange(24 * num, dtype=np.uint8).reshape(num, 4, 6), 4, 6)
    return PackOneShotInputs()(dict(results, draw=(3, 8), **values))['data_samples'], boxes.tensor


def test_others_are_laid_beside_those_that_match():
    labels, flags = [0, OTHER, 0, OTHER, 0, OTHER], [False, False, False, True, True, False]
    sample, boxes = _packed_with_others(labels, flags, keep_others=True)
    names = ('gt_instances', 'other_instances', 'ignored_instances', 'other_ignored_instances')
    for name, rows in zip(names, ([0, 2], [1, 5], [4], [3]), strict=True):
        instances = sample.get(name)
        assert get_box_tensor(instances.bboxes).equal(boxes[rows])
        assert instances.labels.tolist() == [labels[row] for row in rows]
        assert ('masks' in instances) == ('other' not in name)
    assert sample.gt_instances.masks.masks[:, 0, 0].tolist() == [0, 48]
    assert sample.gt_instances.draw == (3, 8)


@pytest.mark.parametrize('label', [0, OTHER])
def test_there_may_be_no_others_or_nothing_else(label):
    sample, _ = _packed_with_others([label], [False], keep_others=True)
    own, others = (sample.get(name) for name in ('gt_instances', 'other_instances'))
    assert (len(own), len(others)) == ((1, 0) if label == 0 else (0, 1))
    assert own.masks.masks.shape == (len(own), 4, 6)
    assert (own.bboxes.tensor.shape, others.bboxes.shape) == ((len(own), 4), (len(others), 4))


@pytest.mark.parametrize('values', [{}, dict(keep_others=False)])
def test_a_sample_says_whether_others_were_kept(values):
    sample, _ = _packed_with_others([0, 0], [False, False], **values)
    assert 'other_instances' not in sample
    assert len(sample.gt_instances) == 2


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
    ('shape', 'resize', 'image'),
    [
        ((80, 100), [dict(type='Resize', scale=(64, 64), keep_ratio=True)], (51, 64)),
        ((100, 80), [dict(type='Resize', scale=(64, 64), keep_ratio=True)], (64, 51)),
        ((100, 80), [dict(type='Resize', scale=(64, 48), keep_ratio=False)], (48, 64)),
        ((50, 40), [], (50, 40)),
    ],
)
@pytest.mark.parametrize('with_pad', [True, False])
def test_padding_is_no_image_in_testing(shape, resize, image, with_pad):
    pad = [dict(type='Pad', size=(64, 64))] if with_pad else []
    steps = [*resize, *pad, dict(type='PackOneShotInputs')]
    pipeline = Compose([TRANSFORMS.build(step) for step in steps])
    packed = pipeline(dict(img=np.zeros((*shape, 3), dtype=np.uint8), img_shape=shape, ori_shape=shape))
    assert packed['data_samples'].img_shape == image
    assert packed['inputs'].shape[1:] == ((64, 64) if with_pad else image)


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
