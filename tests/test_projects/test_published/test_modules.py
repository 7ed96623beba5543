"""The published rules, one by one, with known answers; test_parity.py has them all together."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS, TASK_UTILS
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData
from published_model import CONFIG
from torch import Tensor

from projects.published.boxes import denormalise_boxes, normalise_boxes
from projects.published.roi_extractor import CropAndResizeExtractor, crop_and_resize

META = dict(img_shape=(64, 64), ori_shape=(32, 64), scale_factor=(1.0, 1.0), window=(0, 16, 64, 48))


@pytest.fixture(scope='module')
def cfg() -> ConfigDict:
    return Config.fromfile(CONFIG).model


def test_boxes_are_fractions_of_the_last_pixel() -> None:
    boxes = torch.tensor([[0.0, 0, 64, 32], [10, 5, 20, 25]])
    normalised = normalise_boxes(boxes, (32, 64))
    assert normalised[0].tolist() == [0, 0, 1, 1]
    torch.testing.assert_close(normalised[1], torch.tensor([10 / 63, 5 / 31, 19 / 63, 24 / 31]))
    torch.testing.assert_close(denormalise_boxes(normalised, (32, 64)), boxes)


def test_anchors_have_their_centre_at_the_corner_of_a_cell(cfg: ConfigDict) -> None:
    generator = TASK_UTILS.build(cfg.rpn_head.anchor_generator)
    sizes = [(64 // 2**level, 64 // 2**level) for level in range(5)]
    anchors = [denormalise_boxes(level, (256, 256)) for level in generator.grid_priors(sizes, device='cpu')]
    assert [len(level) for level in anchors] == [3 * height * width for height, width in sizes]
    torch.testing.assert_close(anchors[0][1], torch.tensor([-16.0, -16, 16, 16]))
    torch.testing.assert_close(anchors[0][4], torch.tensor([-12.0, -16, 20, 16]))
    width, height = (anchors[0][0][2:] - anchors[0][0][:2]).tolist()
    assert width / height == pytest.approx(0.5)  # the published ratios are width to height
    assert generator.grid_priors(sizes, torch.bfloat16, 'cpu')[0].dtype == torch.float32


def test_decoded_boxes_grow_without_limit_and_end_at_the_image(cfg: ConfigDict) -> None:
    coder = TASK_UTILS.build(cfg.rpn_head.bbox_coder)
    box, deltas = torch.tensor([[0.4, 0.4, 0.6, 0.6]]), torch.tensor([[0.0, 0, 50, 0]])
    grown = coder.decode(box, deltas)
    assert (grown[0, 2] - grown[0, 0]).item() == pytest.approx(0.2 * np.exp(10), rel=1e-4)
    assert coder.decode(box, deltas, max_shape=(7, 7))[0].tolist() == pytest.approx([0, 0.4, 1, 0.6])


def test_max_pooling_pads_at_the_end_alone(cfg: ConfigDict) -> None:
    backbone = MODELS.build(dict(cfg.backbone, depth=50))
    pooled = backbone.maxpool(torch.arange(36.0).view(1, 1, 6, 6))
    assert pooled[0, 0].tolist() == [[14, 16, 17], [26, 28, 29], [32, 34, 35]]


class TestCropAndResize:
    RAMP = torch.arange(5.0).expand(5, 5)[None, None]

    @pytest.mark.parametrize(
        ('box', 'columns'),
        [((0, 0, 1, 1), [0, 2, 4]), ((0.25, 0, 0.75, 1), [1, 2, 3]), ((0.5, 0, 0.5, 1), [2, 2, 2])],
    )
    def test_samples_lie_corner_to_corner(self, box: tuple, columns: list) -> None:
        (region,) = crop_and_resize(self.RAMP, torch.tensor([[0, *box]], dtype=torch.float32), 3)
        assert region[0].tolist() == [columns] * 3

    def test_what_lies_outside_is_zero(self) -> None:
        (region,) = crop_and_resize(self.RAMP + 1, torch.tensor([[0, 0.5, 0, 1.5, 1]]), 3)
        assert region[0].tolist() == [[3, 5, 0]] * 3

    def test_gradients_reach_the_map(self) -> None:
        feat = self.RAMP.clone().requires_grad_()
        crop_and_resize(feat, torch.tensor([[0, 0, 0, 0.6, 0.6]]), 3).sum().backward()
        assert feat.grad.sum().item() == pytest.approx(9)

    def test_coordinates_stay_precise_on_maps_of_half_precision(self) -> None:
        roi = torch.tensor([[0, 0.25, 0, 0.751, 1]])
        region = crop_and_resize(self.RAMP.bfloat16(), roi, 3)
        assert region.dtype == torch.bfloat16
        torch.testing.assert_close(region.float(), crop_and_resize(self.RAMP, roi, 3), atol=2**-7, rtol=0)

    def test_a_region_lies_on_the_level_of_its_size(self) -> None:
        extractor = CropAndResizeExtractor(output_size=2, out_channels=1, featmap_strides=[4, 8, 16, 32])
        sides = torch.tensor([0.0, 56, 79, 80, 112, 224, 448, 1024])
        rois = torch.stack([torch.zeros(8), *[torch.zeros(8)] * 2, sides / 1024, sides / 1024], dim=1)
        assert extractor.map_roi_levels(rois, area=1024**2).tolist() == [0, 0, 0, 1, 1, 2, 3, 3]

    def test_each_region_is_taken_from_its_level(self) -> None:
        extractor = CropAndResizeExtractor(output_size=2, out_channels=1, featmap_strides=[4, 8])
        feats = [torch.full((2, 1, 256, 256), 1.0), torch.full((2, 1, 128, 128), 2.0)]
        rois = torch.tensor([[0, 0, 0, 0.02, 0.02], [1, 0, 0, 0.5, 0.5]])
        assert extractor(feats, rois).mean(dim=(1, 2, 3)).tolist() == [1, 2]
        assert extractor(feats, rois[:0]).shape == (0, 1, 2, 2)


def make_results(boxes: list, scores: list, levels: list) -> InstanceData:
    return InstanceData(bboxes=torch.tensor(boxes), scores=torch.tensor(scores), level_ids=torch.tensor(levels))


class TestProposals:
    BOXES = [[0.0, 0, 0.5, 0.5], [0, 0, 0.5, 0.52], [0.6, 0.6, 0.9, 0.9], [0.1, 0.6, 0.2, 0.9]]

    @pytest.fixture
    def propose(self, cfg: ConfigDict) -> Callable[..., InstanceData]:
        head = MODELS.build(dict(cfg.rpn_head, train_cfg=cfg.train_cfg.rpn, test_cfg=cfg.test_cfg.rpn)).eval()
        results = make_results(self.BOXES, [0.9, 0.8, 0.7, 0.6], [0, 1, 0, 1])

        def propose(nms_pre: int, max_per_img: int, training: bool = False) -> InstanceData:
            settings = ConfigDict(cfg.test_cfg.rpn, nms_pre=nms_pre, max_per_img=max_per_img)
            return head.train(training)._bbox_post_process(results, settings, img_meta=META)

        return propose

    def test_boxes_of_other_levels_are_suppressed_too(self, propose: Callable) -> None:
        assert propose(4, 3).scores.tolist() == pytest.approx([0.9, 0.7, 0.6])

    def test_the_best_of_all_levels_are_kept(self, propose: Callable) -> None:
        assert propose(3, 2).scores.tolist() == pytest.approx([0.9, 0.7])

    def test_empty_boxes_fill_up_in_testing_alone(self, propose: Callable) -> None:
        filled = propose(4, 5)
        assert filled.bboxes[3:].tolist() == [[0, 0, 0, 0]] * 2
        assert filled.scores[3:].tolist() == [0, 0]
        assert len(propose(4, 5, training=True)) == 3


class TestDetections:
    ROIS = torch.tensor([[0, 0.1, 0.3, 0.4, 0.6], [0, 0.5, 0.1, 0.9, 0.9], [0, 0.0, 0.4, 0.05, 0.5]])

    def detect(self, cfg: ConfigDict, logits: list, score_thr: float = 0.0) -> InstanceData:
        head = MODELS.build(dict(cfg.roi_head.bbox_head, num_classes=1, reg_class_agnostic=True))
        settings = ConfigDict(cfg.test_cfg.rcnn, score_thr=score_thr)
        scores = torch.tensor(logits)
        return head._predict_by_feat_single(self.ROIS, scores, torch.zeros(3, 4), META, rcnn_test_cfg=settings)

    def test_what_is_rather_no_match_is_dropped_without_a_threshold_too(self, cfg: ConfigDict) -> None:
        found = self.detect(cfg, [[2.0, 1.0], [1.0, 2.0], [0.0, 0.0]])
        torch.testing.assert_close(found.bboxes, self.ROIS[:1, 1:])
        assert found.scores.tolist() == pytest.approx([torch.tensor([2.0, 1]).softmax(0)[0].item()])

    def test_the_threshold_holds(self, cfg: ConfigDict) -> None:
        assert len(self.detect(cfg, [[1.0, 0.0], [0.5, 0.0], [0.2, 0.0]], score_thr=0.7)) == 1

    def test_boxes_end_at_the_image_within_its_padding(self, cfg: ConfigDict) -> None:
        found = self.detect(cfg, [[0.0, 9.0], [9.0, 0.0], [0.0, 9.0]])
        torch.testing.assert_close(found.bboxes, torch.tensor([[0.5, 16 / 63, 0.9, 47 / 63]]))

    def test_there_may_be_none(self, cfg: ConfigDict) -> None:
        assert len(self.detect(cfg, [[0.0, 9.0]] * 3)) == 0


class TestMasks:
    def paste(self, cfg: ConfigDict, boxes: Tensor, rescale: bool) -> Tensor:
        head = MODELS.build(dict(cfg.roi_head.mask_head, num_classes=1, class_agnostic=True))
        logits = torch.full((len(boxes), 1, 28, 28), 9.0)
        return head._predict_by_feat_single(logits, boxes, None, META, cfg.test_cfg.rcnn, rescale)

    def test_results_are_integer_pixels_of_the_original_image(self, cfg: ConfigDict) -> None:
        boxes = torch.tensor([[0, 16 / 63, 1, 47 / 63], [10.3 / 63, 26.2 / 63, 19.1 / 63, 35.4 / 63]])
        masks = self.paste(cfg, boxes, rescale=True)
        assert boxes.tolist() == [[0, 0, 64, 32], [10, 10, 20, 20]]
        assert masks.shape == (2, 32, 64)
        assert masks[1].nonzero().amin(dim=0).tolist() == [10, 10]
        assert masks[1].sum() == 100

    def test_or_of_the_network_input(self, cfg: ConfigDict) -> None:
        boxes = torch.tensor([[0.0, 0, 1, 1]])
        assert self.paste(cfg, boxes, rescale=False).shape == (1, 64, 64)
        assert boxes.tolist() == [[0, 0, 64, 64]]

    def test_a_box_without_an_area_has_no_mask(self, cfg: ConfigDict) -> None:
        assert not self.paste(cfg, torch.tensor([[0.5, 0.5, 0.49, 0.7]]), rescale=True).any()


@pytest.mark.parametrize('training', [True, False])
def test_references_are_centred_in_training_alone(cfg: ConfigDict, training: bool) -> None:
    preprocessor = MODELS.build(cfg.data_preprocessor).train(training)
    pixels = torch.zeros(1, 1, 3, 32, 32, dtype=torch.uint8)
    pixels[:, :, 0] = 100  # blue first
    data = preprocessor(
        dict(inputs=[pixels[0, 0]], data_samples=[DetDataSample(metainfo=META)], ref_inputs=[pixels[0]])
    )
    centred = [-123.7, -116.8, 100 - 103.9]
    assert data['inputs'][0, :, 0, 0].tolist() == pytest.approx(centred)
    assert data['ref_inputs'][0, 0][:, 0, 0].tolist() == pytest.approx(centred if training else [0, 0, 100])
