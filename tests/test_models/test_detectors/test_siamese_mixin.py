"""SiameseMixin on detectors of other types: those of configs/reuse, and one that a user makes siamese."""

import copy
from collections.abc import Callable

import pytest
import torch
from mmdet.models import CondInst
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper
from torch import nn

from mmosis.models import SiameseMixin
from mmosis.structures import RLEMasks

REUSED = ['faster_rcnn', 'cascade_mask_rcnn', 'gfl']
HOSTS = [*REUSED, 'condinst']
WITH_MASKS = {'cascade_mask_rcnn', 'condinst'}


class SiameseCondInst(SiameseMixin, CondInst):
    """What a user writes to make a detector siamese; this one gives masks as arrays."""


def condinst_cfg(tiny: ConfigDict) -> ConfigDict:
    """The tiny model with CondInst's heads in place of RPN and RoI head."""
    shared = {key: tiny[key] for key in ('data_preprocessor', 'backbone', 'neck', 'match_neck')}
    sizes = dict(in_channels=8, feat_channels=8, norm_cfg=tiny.neck.norm_cfg)
    feature_head = dict(sizes, start_level=0, end_level=2, out_channels=8, num_stacked_convs=1)
    return ConfigDict(
        type=SiameseCondInst,
        **shared,
        bbox_head=dict(sizes, type='CondInstBboxHead', num_classes=1, stacked_convs=1, strides=[4, 8, 16, 32, 64]),
        mask_head=dict(
            type='CondInstMaskHead',
            mask_feature_head=feature_head,
            loss_mask=dict(type='DiceLoss', use_sigmoid=True, activate=True),
        ),
        test_cfg=dict(nms_pre=50, score_thr=0.0, nms=dict(type='nms', iou_threshold=0.6), max_per_img=10, mask_thr=0.5),
    )


@pytest.fixture(params=HOSTS)
def base(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def model(base: str, request: pytest.FixtureRequest, tiny_model_cfg: Callable) -> SiameseMixin:
    """A detector with random weights, the same at each call, in training mode."""
    if base == 'condinst':
        cfg = condinst_cfg(tiny_model_cfg())
    elif base == 'faster_rcnn':
        cfg = tiny_model_cfg(roi_head=dict(mask_roi_extractor=None, mask_head=None))
    else:
        cfg = request.getfixturevalue({'gfl': 'tiny_gfl_cfg', 'cascade_mask_rcnn': 'tiny_cascade_cfg'}[base])
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    return model


def without_truth(data: dict) -> dict:
    """A batch where no object is left."""
    data = copy.deepcopy(data)
    for sample in data['data_samples']:
        sample.gt_instances = sample.gt_instances[:0]
    return data


def assert_all_have_gradients(module: nn.Module) -> None:
    assert [name for name, parameter in module.named_parameters() if parameter.grad is None] == []


def test_it_trains_a_step(model: SiameseMixin, train_data: dict) -> None:
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    losses = model.train_step(train_data, OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1)))
    assert losses['loss'].isfinite()
    changed = {name.split('.')[0] for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert changed == {name for name, part in model.named_children() if list(part.parameters())}


@pytest.mark.parametrize('base', REUSED, indirect=True)
def test_it_trains_where_there_is_no_object(model: SiameseMixin, train_data: dict) -> None:
    losses = model(**model.data_preprocessor(without_truth(train_data), True), mode='loss')
    total, log = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    assert_all_have_gradients(model)
    boxes = [value for name, value in log.items() if 'loss_bbox' in name or 'loss_mask' in name]
    assert boxes
    assert all(value == 0 for value in boxes)


def test_the_reference_alone_trains_the_backbone(model: SiameseMixin, train_data: dict) -> None:
    data = model.data_preprocessor(train_data, True)
    feats = tuple(feat.detach() for feat in model.encode_images(data['inputs']))
    matched = model.match_neck(feats, model.encode_references(data['ref_inputs']))
    total, _ = model.parse_losses(model.loss(matched, data['data_samples']))
    total.backward()
    assert_all_have_gradients(model)
    assert model.backbone.conv1.weight.grad.abs().sum() > 0


def test_it_predicts_by_episode(base: str, model: SiameseMixin, test_data: Callable) -> None:
    data = test_data(31, 9)
    episodes = [sample.episodes for sample in data['data_samples']]
    for found, listed in zip(model.eval().test_step(data), episodes, strict=True):
        instances = found.pred_instances
        assert instances.episode_ids.unique().tolist() == list(range(len(listed)))
        assert instances.labels.tolist() == [listed[i].label for i in instances.episode_ids.tolist()]
        assert ('masks' in instances) == (base in WITH_MASKS)
        if base in WITH_MASKS:
            assert isinstance(instances.masks, RLEMasks)
            assert instances.masks.numpy().shape == (len(instances), *found.ori_shape)


def test_another_reference_changes_the_result(model: SiameseMixin, test_data: Callable) -> None:
    data = test_data(9)
    (before,) = model.eval().test_step(data)
    before = before.pred_instances.scores
    (after,) = model.test_step(dict(data, ref_inputs=[data['ref_inputs'][0].flip(0)]))
    assert not torch.equal(before, after.pred_instances.scores)


@pytest.mark.parametrize('base', ['gfl'], indirect=True)
def test_gfl_gets_levels_from_stride_8_to_128(model: SiameseMixin) -> None:
    feats = model.encode_images(torch.zeros(1, 3, 256, 256))
    assert [256 // feat.shape[-1] for feat in feats] == [8, 16, 32, 64, 128]
    assert model.bbox_head.prior_generator.strides == [(s, s) for s in (8, 16, 32, 64, 128)]
