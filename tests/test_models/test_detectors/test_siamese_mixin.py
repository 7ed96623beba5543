"""SiameseMixin on a detector of another kind: what a user writes to make a one-stage detector siamese."""

from collections.abc import Callable

import pytest
import torch
from mmdet.models import RetinaNet
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper

from mmosis.models import SiameseMixin


class SiameseRetinaNet(SiameseMixin, RetinaNet):
    """The whole class."""


def one_stage_cfg(two_stage: ConfigDict) -> ConfigDict:
    """The tiny model with a RetinaNet head in place of RPN and RoI head."""
    shared = {key: two_stage[key] for key in ('data_preprocessor', 'backbone', 'neck', 'match_neck')}
    head = dict(
        type='RetinaHead',
        num_classes=1,
        in_channels=8,
        feat_channels=8,
        stacked_convs=1,
        anchor_generator=dict(type='AnchorGenerator', scales=[4], ratios=[0.5, 1.0, 2.0], strides=[4, 8, 16, 32, 64]),
        loss_cls=dict(type='FocalLoss'),
    )
    assigner = dict(type='MaxIoUAssigner', pos_iou_thr=0.5, neg_iou_thr=0.4, min_pos_iou=0, ignore_iof_thr=-1)
    return ConfigDict(
        type=SiameseRetinaNet,
        **shared,
        bbox_head=head,
        train_cfg=dict(assigner=assigner, sampler=dict(type='PseudoSampler'), allowed_border=-1, pos_weight=-1),
        test_cfg=dict(nms_pre=50, score_thr=0.0, nms=dict(type='nms', iou_threshold=0.5), max_per_img=10),
    )


@pytest.fixture
def model(tiny_model_cfg: Callable) -> SiameseRetinaNet:
    torch.manual_seed(0)
    return MODELS.build(one_stage_cfg(tiny_model_cfg()))


def test_it_trains_a_step(model: SiameseRetinaNet, train_data: dict) -> None:
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    losses = model.train_step(train_data, OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1)))
    assert losses['loss'].isfinite()
    changed = {name.split('.')[0] for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert changed == {'backbone', 'neck', 'match_neck', 'bbox_head'}


def test_it_predicts_by_episode(model: SiameseRetinaNet, test_data: Callable) -> None:
    data = test_data(31, 9)
    episodes = [sample.episodes for sample in data['data_samples']]
    for found, listed in zip(model.eval().test_step(data), episodes, strict=True):
        instances = found.pred_instances
        assert instances.episode_ids.unique().tolist() == list(range(len(listed)))
        assert instances.labels.tolist() == [listed[i].label for i in instances.episode_ids.tolist()]
        assert 'masks' not in instances


def test_another_reference_changes_the_result(model: SiameseRetinaNet, test_data: Callable) -> None:
    data = test_data(9)
    (before,) = model.eval().test_step(data)
    before = before.pred_instances.scores
    (after,) = model.test_step(dict(data, ref_inputs=[data['ref_inputs'][0].flip(0)]))
    assert not torch.equal(before, after.pred_instances.scores)
