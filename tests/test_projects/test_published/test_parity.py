"""The published network in mmosis gives what the published code gave, stage by stage."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from published_model import DATA, build_model, make_inputs
from torch import Tensor

from mmosis.models import SiameseTwoStageDetector

TOLERANCE = 1e-5  # of the largest value of a map; the largest difference found was 4e-6
YX = [1, 0, 3, 2]
META = dict(img_shape=(256, 256), ori_shape=(256, 256), scale_factor=(1.0, 1.0), window=(0, 0, 256, 256))
TEST_CFG = ConfigDict(
    score_thr=0.0, nms=dict(type='nms', iou_threshold=0.5), max_per_img=100, mask_thr_binary=0.5
)  # the outputs were made without a threshold


@pytest.fixture(scope='module')
def expected() -> dict[str, np.ndarray]:
    with np.load(DATA / 'published_parity_256.npz') as file:
        return dict(file)


@pytest.fixture(scope='module')
def model(all_tensors: dict) -> SiameseTwoStageDetector:
    model = build_model(all_tensors)
    model.test_cfg.rcnn = model.roi_head.test_cfg = TEST_CFG
    return model


@pytest.fixture(scope='module')
def maps(model: SiameseTwoStageDetector) -> dict[str, tuple[Tensor, ...]]:
    """Pyramids of both inputs, and the matched one."""
    image, reference = make_inputs()
    with torch.no_grad():
        pyramids = dict(imgP=model.encode_images(image), tgtP=model.encode_images(reference[0]))
        stages = dict(imgC=model.backbone(image), tgtC=model.backbone(reference[0]))
        matched = model.match_neck(pyramids['imgP'], model.encode_references(reference))
    return dict(stages, **pyramids, matchP=matched)


def assert_close(got: Tensor | np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> None:
    difference = np.abs(np.asarray(got) - expected).max() / np.abs(expected).max()
    assert difference <= tolerance


def with_batch(boxes: np.ndarray) -> Tensor:
    """RoIs (R, 5) of the published boxes (R, 4), y first."""
    return torch.cat([torch.zeros(len(boxes), 1), torch.from_numpy(boxes[:, YX])], dim=1)


@pytest.mark.parametrize('name', ['imgC', 'tgtC', 'imgP', 'tgtP', 'matchP'])
def test_dense_maps(maps: dict, expected: dict, name: str) -> None:
    levels = [key for key in expected if key.startswith(name) and not key.endswith('chmean')]
    assert len(levels) == len(maps[name])
    for key, level in zip(levels, maps[name], strict=True):
        channels = expected[key].shape[-1]
        assert_close(level.permute(0, 2, 3, 1)[..., :channels], expected[key])
        assert_close(level.mean(dim=(0, 2, 3)), expected[f'{key}_chmean'])


@torch.no_grad()
def test_region_proposal_network(model: SiameseTwoStageDetector, maps: dict, expected: dict) -> None:
    scores, deltas = model.rpn_head(maps['matchP'])
    logits = torch.cat([level.permute(0, 2, 3, 1).reshape(1, -1, 2) for level in scores], dim=1)
    assert_close(logits[..., [1, 0]], expected['rpn_class_logits'])
    deltas = torch.cat([level.permute(0, 2, 3, 1).reshape(1, -1, 4) for level in deltas], dim=1)
    assert_close(deltas[..., YX], expected['rpn_bbox'])
    sizes = [level.shape[-2:] for level in maps['matchP']]
    anchors = torch.cat(model.rpn_head.prior_generator.grid_priors(sizes, device='cpu'))
    assert_close(anchors[::16, YX], expected['anchors_norm'])


@torch.no_grad()
def test_proposals_are_the_same_set(model: SiameseTwoStageDetector, maps: dict, expected: dict) -> None:
    (proposals,) = model.rpn_head.predict(maps['matchP'], [DetDataSample(metainfo=META)], rescale=False)
    distances = 255 * np.abs(proposals.bboxes.numpy()[:, None, YX] - expected['rpn_rois'][0][None]).max(axis=-1)
    assert distances.min(axis=0).max() < 0.1
    assert distances.min(axis=1).max() < 0.1


@torch.no_grad()
def test_heads_on_the_published_proposals(model: SiameseTwoStageDetector, maps: dict, expected: dict) -> None:
    head, matched, rois = model.roi_head, maps['matchP'], with_batch(expected['rpn_rois'][0])
    regions = head.bbox_roi_extractor(matched[:4], rois)
    assert_close(regions[:16, :4].permute(0, 2, 3, 1), expected['roi_align_classifier'][0][:16])
    assert_close(regions.double().mean(dim=(1, 2, 3)), expected['roi_align_classifier_roimean'][0])
    outputs = head._bbox_forward(matched, rois)
    assert_close(outputs['cls_score'][:, [1, 0]], expected['mrcnn_class_logits'][0])
    assert_close(outputs['bbox_pred'][:, YX], expected['mrcnn_bbox'][0])
    found = head.bbox_head._predict_by_feat_single(rois, *list(outputs.values())[:2], META, rcnn_test_cfg=TEST_CFG)
    assert_close(found.bboxes[:, YX], expected['detections'][0][:, :4])
    assert_close(found.scores, expected['detections'][0][:, 5])


@torch.no_grad()
def test_masks_of_the_published_detections(model: SiameseTwoStageDetector, maps: dict, expected: dict) -> None:
    head, rois = model.roi_head, with_batch(expected['detections'][0][:, :4])
    regions = head.mask_roi_extractor(maps['matchP'][:4], rois)
    assert_close(regions[:8, :4].permute(0, 2, 3, 1), expected['roi_align_mask'][0])
    assert_close(regions.double().mean(dim=(1, 2, 3)), expected['roi_align_mask_roimean'][0])
    masks = head.mask_head(regions)
    assert_close(masks.sigmoid()[:, 0], expected['mrcnn_mask'][0])


@pytest.fixture(scope='module')
def detections(model: SiameseTwoStageDetector, maps: dict) -> InstanceData:
    """All of our own steps, one after the other."""
    with torch.no_grad():
        references = model.encode_references(make_inputs()[1])
        return model.match_and_detect(maps['imgP'], references, DetDataSample(metainfo=META))


def test_complete_search(detections: InstanceData, expected: dict) -> None:
    assert detections.bboxes[:, YX].numpy().tolist() == expected['unmold_boxes'].tolist()
    assert_close(detections.scores, expected['detections'][0][:, 5])
    masks = detections.masks.numpy()
    # A pixel whose value is 0.5 but for rounding can fall on either side.
    assert np.abs(masks.sum(axis=(1, 2)) - expected['unmold_mask_area']).max() <= 1
    published = np.unpackbits(expected['unmold_masks_packed']).reshape(256, 256, 20).transpose(2, 0, 1)
    assert (masks[:20] != published).sum() <= 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
@torch.no_grad()
def test_a_gpu_gives_the_same(model: SiameseTwoStageDetector, expected: dict) -> None:
    model = deepcopy(model).cuda()
    image, reference = (pixels.cuda() for pixels in make_inputs())
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        references = model.encode_references(reference)
        pyramid = model.encode_images(image)
        for number, level in enumerate(model.match_neck(pyramid, references), start=2):
            assert_close(level.mean(dim=(0, 2, 3)).cpu(), expected[f'matchP{number}_chmean'], tolerance=1e-4)
        found = model.match_and_detect(pyramid, references, DetDataSample(metainfo=META))
    assert_close(found.scores[:20].cpu(), expected['detections'][0][:20, 5], tolerance=1e-4)
