"""Where docs/reproduce.md says that a config does what mmdet does: mmdet does that."""

import pytest
import torch
from mmdet.models.task_modules import RandomSampler
from mmdet.registry import MODELS, TASK_UTILS
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData
from pages import ROOT

import mmosis.models  # noqa: F401


@pytest.fixture(scope='module')
def model() -> ConfigDict:
    """The paper's model."""
    return Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_s1.py').model


def test_objects_are_proposals_and_non_matches_fill_up(model: ConfigDict) -> None:
    matching, corners = torch.tensor([[0.0, 0, 50, 48]]), torch.arange(300.0)[:, None] + 100
    proposals = InstanceData(priors=torch.cat([matching, (corners + torch.tensor([[0, 0, 30, 30]]))]))
    objects = InstanceData(bboxes=torch.tensor([[0.0, 0, 50, 50]]), labels=torch.tensor([0]))
    assigned = TASK_UTILS.build(model.train_cfg.rcnn.assigner).assign(proposals, objects)
    rule = {key: value for key, value in model.train_cfg.rcnn.sampler.items() if key != 'type'}
    sampled = RandomSampler(**rule).sample(assigned, proposals, objects)
    assert sampled.pos_priors.tolist() == [[0, 0, 50, 50], [0, 0, 50, 48]]
    assert len(sampled.neg_priors) == 198


def test_proposals_are_suppressed_on_each_level(model: ConfigDict) -> None:
    head = MODELS.build(dict(model.rpn_head, type='RPNHead', test_cfg=model.test_cfg.rpn))
    same = torch.tensor([[0.0, 0, 50, 50]] * 3)
    results = InstanceData(bboxes=same, scores=torch.tensor([0.9, 0.8, 0.7]), level_ids=torch.tensor([0, 0, 1]))
    kept = head._bbox_post_process(results, model.test_cfg.rpn, img_meta={})
    assert kept.scores.tolist() == pytest.approx([0.9, 0.7])


def test_a_regions_level_is_rounded_down(model: ConfigDict) -> None:
    extractor = MODELS.build(model.roi_head.bbox_roi_extractor)
    sides = torch.tensor([111.0, 113, 223, 225, 447, 449])
    regions = torch.stack([torch.zeros(6), torch.zeros(6), torch.zeros(6), sides, sides], dim=1)
    assert (extractor.map_roi_levels(regions, 4) + 2).tolist() == [2, 3, 3, 4, 4, 5]


def test_box_loss_is_a_sum_over_all_sampled_regions(model: ConfigDict) -> None:
    head = MODELS.build(dict(model.roi_head.bbox_head, num_classes=1, reg_class_agnostic=True))
    matches, weights = torch.ones(200, dtype=torch.long), torch.zeros(200, 4)
    matches[:10], weights[:10] = 0, 1
    losses = head.loss(
        torch.zeros(200, 2),
        torch.full((200, 4), 2.5),
        torch.zeros(200, 5),
        matches,
        torch.ones(200),
        torch.zeros(200, 4),
        weights,
    )
    published = 0.5 * 2.0  # a smooth L1 of 2 for each delta of a match
    assert losses['loss_bbox'].item() == pytest.approx(published / 5)


def test_detections_have_the_thresholds_of_the_table(model: ConfigDict) -> None:
    rcnn = model.test_cfg.rcnn
    assert (rcnn.nms.iou_threshold, rcnn.score_thr, rcnn.max_per_img) == (0.5, 0, 100)
    assert model.test_cfg.rpn.nms.iou_threshold == 0.7
