"""BinaryMixin on all heads that it extends: match or non-match, also where there is nothing to match."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor, nn
from torchvision.ops import box_iou

from mmosis.models import BinaryCascadeRoIHead, BinaryMixin, BinaryRoIHead, RelationRoIHead
from mmosis.structures import EncodedReferences, Episode, MatchedFeatures, RLEMasks

SIZE = 64
NAMES = ('loss_cls', 'loss_bbox', 'loss_mask')
BOXES = [[4.0, 4, 30, 30], [20, 10, 60, 50]]


@pytest.fixture(params=[BinaryRoIHead, BinaryCascadeRoIHead, RelationRoIHead])
def head_type(request: pytest.FixtureRequest) -> type[BinaryMixin]:
    return request.param


@pytest.fixture
def head_cfg(
    head_type: type[BinaryMixin], tiny_model_cfg: Callable, tiny_cascade_cfg: ConfigDict
) -> Callable[..., ConfigDict]:
    """Config of a tiny model's RoI head, as the detector hands it to the registry."""

    def make(**test_cfg) -> ConfigDict:
        relation = dict(type='RelationRoIHead', relation=dict(in_channels=8, embed_channels=16))
        model = {
            BinaryRoIHead: tiny_model_cfg(),
            BinaryCascadeRoIHead: tiny_cascade_cfg,
            RelationRoIHead: tiny_model_cfg(roi_head=relation),
        }[head_type]
        return ConfigDict(
            model.roi_head, train_cfg=model.train_cfg.rcnn, test_cfg=ConfigDict(model.test_cfg.rcnn, **test_cfg)
        )

    return make


@pytest.fixture
def make_head(head_cfg: Callable) -> Callable[..., BinaryMixin]:
    def make(**test_cfg) -> BinaryMixin:
        torch.manual_seed(0)
        head = MODELS.build(head_cfg(**test_cfg))
        head.init_weights()
        return head

    return make


def make_feats(episodes: int = 1) -> MatchedFeatures:
    """Matched features, images and references of noise, with what any head may ask for: a map more, a region."""
    generator = torch.Generator().manual_seed(1)

    def noise(*shape: int) -> Tensor:
        return torch.rand(episodes, *shape, generator=generator)

    sizes = [SIZE // stride for stride in (4, 8, 16, 32, 64)]
    levels, images = ([noise(8, size, size) for size in sizes] for _ in range(2))
    references = EncodedReferences(vectors=[noise(8) for _ in sizes], region=noise(8, 7, 7))
    return MatchedFeatures(tuple(levels), (*images, noise(6, 4, 4)), references)


def take(feats: MatchedFeatures, episode: slice) -> MatchedFeatures:
    """The features of some episodes."""
    levels, images = (tuple(feat[episode] for feat in side) for side in (feats, feats.image_feats))
    return MatchedFeatures(levels, images, feats.references[episode])


def make_proposals(*boxes: list[float]) -> InstanceData:
    bboxes = torch.tensor(boxes).reshape(-1, 4)
    return InstanceData(bboxes=bboxes, scores=torch.ones(len(bboxes)), labels=torch.zeros(len(bboxes)).long())


def make_sample(*boxes: list[float], draw: int = 0, cat_id: int = 1) -> DetDataSample:
    """An image with true objects that fill their boxes."""
    masks = np.zeros((len(boxes), SIZE, SIZE), dtype=np.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[int(y1) : int(y2), int(x1) : int(x2)] = 1
    truth = InstanceData(
        bboxes=torch.tensor(boxes).reshape(-1, 4),
        labels=torch.zeros(len(boxes)).long(),
        masks=BitmapMasks(masks, SIZE, SIZE),
    )
    truth.set_metainfo(dict(draw=(0, draw)))
    ignored = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long())
    episode = Episode(label=0, cat_id=cat_id, references=())
    metainfo = dict(img_shape=(SIZE, SIZE), ori_shape=(SIZE, SIZE), scale_factor=(1.0, 1.0), episodes=[episode])
    return DetDataSample(metainfo=metainfo, gt_instances=truth, ignored_instances=ignored)


def stages(module: nn.Module) -> list[nn.Module]:
    """The heads of all stages; a standard head is its only stage."""
    return list(module) if isinstance(module, nn.ModuleList) else [module]


def by_name(losses: dict[str, Tensor], name: str) -> list[Tensor]:
    """The losses of one name, that of each stage."""
    return [value for key, value in losses.items() if key.split('.')[-1] == name]


def assert_safe_for_ddp(head: BinaryMixin, losses: dict[str, Tensor]) -> None:
    """All losses are there and finite, and every parameter has a gradient: DDP waits for each."""
    values = [value for name in NAMES for value in by_name(losses, name)]
    assert len(values) == len(NAMES) * len(stages(head.bbox_head))
    assert all(value.isfinite() for value in values)
    sum(values).backward()
    assert [name for name, parameter in head.named_parameters() if parameter.grad is None] == []


class TestLoss:
    def test_with_objects_everything_is_learnt(self, make_head: Callable) -> None:
        head = make_head()
        losses = head.loss(make_feats(), [make_proposals(*BOXES, [0, 40, 20, 60])], [make_sample(*BOXES)])
        assert all(value > 0 for name in NAMES for value in by_name(losses, name))
        assert_safe_for_ddp(head, losses)
        learning = [*stages(head.bbox_head), *(mask_head.conv_logits for mask_head in stages(head.mask_head))]
        assert all(parameter.grad.abs().sum() > 0 for part in learning for parameter in part.parameters())

    def test_masks_are_made_of_regions_that_match_alone(
        self, make_head: Callable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Targets of complete masks cost; no other region learns a mask."""
        cut, crop = [], BitmapMasks.crop_and_resize

        def listen(masks: BitmapMasks, boxes: np.ndarray, *args, **kwargs) -> BitmapMasks:
            cut.append(torch.as_tensor(boxes))
            return crop(masks, boxes, *args, **kwargs)

        monkeypatch.setattr(BitmapMasks, 'crop_and_resize', listen)
        others = [[0.0, 40, 20, 60], [40.0, 0, 60, 8], [0.0, 50, 10, 60]]
        head = make_head()
        head.loss(make_feats(), [make_proposals(*BOXES, *others)], [make_sample(*BOXES)])
        assert len(cut) == len(stages(head.mask_head))
        for boxes in cut:
            assert len(boxes) >= len(BOXES)
            assert box_iou(boxes, torch.tensor(BOXES)).amax(dim=1).ge(0.5).all()

    def test_no_truth(self, make_head: Callable) -> None:
        """Every proposal is a non-match; there is no box and no mask to learn."""
        head = make_head()
        losses = head.loss(make_feats(), [make_proposals(*BOXES)], [make_sample()])
        assert all(value > 0 for value in by_name(losses, 'loss_cls'))
        assert all(value == 0 for name in NAMES[1:] for value in by_name(losses, name))
        assert_safe_for_ddp(head, losses)

    def test_no_proposals_but_truth(self, make_head: Callable) -> None:
        """The true boxes are proposals too (``add_gt_as_proposals``)."""
        head = make_head()
        losses = head.loss(make_feats(), [make_proposals()], [make_sample(*BOXES)])
        assert all(value > 0 for name in ('loss_cls', 'loss_mask') for value in by_name(losses, name))
        assert_safe_for_ddp(head, losses)

    def test_neither_proposals_nor_truth(self, make_head: Callable) -> None:
        head = make_head()
        losses = head.loss(make_feats(), [make_proposals()], [make_sample()])
        assert all(value == 0 for name in NAMES for value in by_name(losses, name))
        assert_safe_for_ddp(head, losses)
        assert all(parameter.grad.eq(0).all() for parameter in head.parameters())

    def test_one_image_of_the_batch_without_anything(self, make_head: Callable) -> None:
        head = make_head()
        samples = [make_sample(*BOXES), make_sample(draw=1)]
        losses = head.loss(make_feats(2), [make_proposals(*BOXES), make_proposals()], samples)
        assert all(value > 0 for value in by_name(losses, 'loss_cls'))
        assert_safe_for_ddp(head, losses)


class TestPredict:
    def predict(self, head: BinaryMixin, *proposals: InstanceData, **settings) -> list[InstanceData]:
        samples = [make_sample() for _ in proposals]
        with torch.no_grad():
            return head.eval().predict(make_feats(len(proposals)), list(proposals), samples, **settings)

    def test_masks_are_run_length_encoded_by_episode(self, make_head: Callable) -> None:
        proposals = [make_proposals(*BOXES), make_proposals([10.0, 10, 50, 40])]
        results = self.predict(make_head(), *proposals, rescale=True)
        assert [len(result) for result in results] == [2, 1]
        for result in results:
            assert isinstance(result.masks, RLEMasks)
            assert result.masks.numpy().shape == (len(result), SIZE, SIZE)

    def test_masks_lie_in_their_boxes(self, make_head: Callable) -> None:
        head = make_head()
        for mask_head in stages(head.mask_head):
            nn.init.constant_(mask_head.conv_logits.bias, 100.0)  # All of the region is mask.
        (result,) = self.predict(head, make_proposals(*BOXES), rescale=True)
        for (x1, y1, x2, y2), mask in zip(result.bboxes.tolist(), result.masks.numpy(), strict=True):
            rows, columns = np.nonzero(mask)
            assert (columns.min(), columns.max() + 1) == pytest.approx((x1, x2), abs=1)
            assert (rows.min(), rows.max() + 1) == pytest.approx((y1, y2), abs=1)

    @pytest.mark.parametrize('episode', [0, 1])
    def test_an_episode_does_not_change_the_others(self, make_head: Callable, episode: int) -> None:
        head, proposals = make_head(), [make_proposals(*BOXES), make_proposals([10.0, 10, 50, 40])]
        together = self.predict(head, *copy.deepcopy(proposals), rescale=True)[episode]
        with torch.no_grad():
            feats = take(make_feats(2), slice(episode, episode + 1))
            (alone,) = head.predict(feats, [proposals[episode]], [make_sample()], rescale=True)
        torch.testing.assert_close(together.bboxes, alone.bboxes)
        assert alone.masks.numpy().any()
        np.testing.assert_array_equal(together.masks.numpy(), alone.masks.numpy())

    @pytest.mark.parametrize('rescale', [True, False])
    def test_no_proposals(self, make_head: Callable, rescale: bool) -> None:
        for result in self.predict(make_head(), make_proposals(), make_proposals(), rescale=rescale):
            self.assert_empty(result)

    def test_no_proposals_in_one_of_two_episodes(self, make_head: Callable) -> None:
        empty, full = self.predict(make_head(), make_proposals(), make_proposals(*BOXES), rescale=True)
        self.assert_empty(empty)
        assert len(full) == 2

    def test_no_detection_above_the_threshold(self, make_head: Callable) -> None:
        (result,) = self.predict(make_head(score_thr=1.0), make_proposals(*BOXES), rescale=True)
        self.assert_empty(result)

    def test_duplicates_leave_one_after_nms(self, make_head: Callable) -> None:
        (result,) = self.predict(make_head(), make_proposals(*BOXES[:1] * 3), rescale=True)
        assert len(result) == len(result.masks) == 1

    def assert_empty(self, result: InstanceData) -> None:
        assert result.bboxes.shape == (0, 4)
        assert result.scores.shape == result.labels.shape == (0,)
        assert isinstance(result.masks, RLEMasks)
        assert result.masks.numpy().shape == (0, SIZE, SIZE)

    def test_without_a_mask_head_boxes_are_rescaled(self, head_cfg: Callable) -> None:
        cfg = head_cfg()
        del cfg['mask_head'], cfg['mask_roi_extractor']
        torch.manual_seed(0)
        head = MODELS.build(cfg)
        sample = make_sample()
        sample.set_metainfo(dict(ori_shape=(2 * SIZE, 2 * SIZE), scale_factor=(0.5, 0.5)))
        with torch.no_grad():
            found = [
                head.predict(make_feats(), [make_proposals(*BOXES)], [sample], rescale=r)[0] for r in (True, False)
            ]
        assert 'masks' not in found[0]
        torch.testing.assert_close(found[0].bboxes, 2 * found[1].bboxes)


class TestConfig:
    def test_heads_become_binary_and_class_agnostic(self, make_head: Callable) -> None:
        head = make_head()
        for bbox_head, mask_head in zip(stages(head.bbox_head), stages(head.mask_head), strict=True):
            assert bbox_head.num_classes == mask_head.num_classes == 1
            assert bbox_head.fc_cls.out_features == 2
            assert bbox_head.fc_reg.out_features == 4
            assert mask_head.conv_logits.out_channels == 1
            assert mask_head.class_agnostic

    def test_the_callers_config_stays_as_it_is(self, head_cfg: Callable) -> None:
        cfg = head_cfg()
        before = copy.deepcopy(cfg)
        MODELS.build(cfg)
        assert cfg == before

    @pytest.mark.parametrize('name', ['bbox_head', 'mask_head'])
    def test_more_classes_are_refused(self, head_cfg: Callable, name: str) -> None:
        cfg = head_cfg()
        last = cfg[name][-1] if isinstance(cfg[name], list) else cfg[name]
        last.num_classes = 80
        with pytest.raises(
            ValueError, match=f'{name} classifies regions as match or non-match: num_classes must be 1, got 80'
        ):
            MODELS.build(cfg)
