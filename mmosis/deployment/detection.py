"""The detection step of mmdet's heads for one image, in tensor operations that hold for any size and number of boxes.

A trace records the branch that its example takes; mmdet's own steps branch on how many boxes there are. A head that
chooses by rules of its own brings them: an RPN head as ``choose_proposals``, a box head as ``choose_regions``.
"""

from collections.abc import Sequence

import torch
from mmdet.models import CascadeRoIHead, GFLHead, RPNHead
from mmdet.models.task_modules import BaseBBoxCoder
from mmengine.config import ConfigDict
from torch import Tensor, nn

Boxes = tuple[Tensor, Tensor]  # (N, 4) xyxy in the network input, and their scores (N,)


def propose(head: RPNHead, feats: Sequence[Tensor], meta: dict) -> Tensor:
    """The boxes (P, 4) of ``RPNHead.predict``, best first.

    Args:
        head: mmdet's, or one with ``choose_proposals``, which gets the boxes and scores of all levels, the settings and
            :func:`choose`, and returns boxes.
        feats: Levels, each (1, C, H_l, W_l).
        meta: ``border``, the height and width that boxes are clipped to, in their own unit.
    """
    cfg, levels = head.test_cfg, []
    for level, (logits, deltas, priors) in enumerate(_by_level(head, feats)):
        scores = logits.sigmoid() if head.use_sigmoid_cls else logits.softmax(1)
        scores, best = scores[:, 0].sort(descending=True)
        best = best[: cfg.nms_pre]
        boxes = _decode(head.bbox_coder, priors[best], deltas.reshape(-1, 4)[best], meta)
        levels.append((boxes, scores[: cfg.nms_pre], torch.full_like(scores[: cfg.nms_pre], level)))
    boxes, scores, level_ids = (torch.cat(each) for each in zip(*levels, strict=True))
    if hasattr(head, 'choose_proposals'):
        return head.choose_proposals(boxes, scores, cfg, choose)
    return choose(boxes, scores, cfg, level_ids)[0]


def detect_densely(head: GFLHead, feats: Sequence[Tensor], meta: dict) -> Boxes:
    """The detections of ``GFLHead.predict``; arguments are those of :func:`propose`."""
    cfg, levels = head.test_cfg, []
    for (stride, _), (logits, distances, priors) in zip(
        head.prior_generator.strides, _by_level(head, feats), strict=True
    ):
        scores = logits.sigmoid()[:, 0]
        found = (scores > cfg.score_thr).nonzero()[:, 0]
        scores, best = scores[found].sort(descending=True)
        found = found[best[: cfg.nms_pre]]
        points, sides = head.anchor_center(priors[found]), head.integral(distances)[found] * stride
        levels.append((_decode(head.bbox_coder, points, sides, meta), scores[: cfg.nms_pre]))
    boxes, scores = (torch.cat(each) for each in zip(*levels, strict=True))
    return choose(boxes, scores, cfg)


def classify(head: nn.Module, feats: Sequence[Tensor], proposals: Tensor, meta: dict) -> Boxes:
    """The detections of ``predict_bbox`` of a RoI head that classifies match or non-match.

    Args:
        head: One of ours, of one stage or a cascade.
        feats: As for :func:`propose`.
        proposals: (P, 4).
        meta: As for :func:`propose`, and what a ``choose_regions`` of the box head asks of an image.
    """
    if not isinstance(head, CascadeRoIHead):
        found = head._bbox_forward(feats, _rois(proposals))
        return _detections(head.bbox_head, proposals, found['cls_score'], found['bbox_pred'], head.test_cfg, meta)
    logits = []
    for stage, bbox_head in enumerate(head.bbox_head):
        found = head._bbox_forward(stage, feats, _rois(proposals))
        logits.append(found['cls_score'])
        if stage < head.num_stages - 1:
            proposals = _decode(bbox_head.bbox_coder, proposals, found['bbox_pred'], meta)
    return _detections(bbox_head, proposals, torch.stack(logits).mean(0), found['bbox_pred'], head.test_cfg, meta)


def segment(head: nn.Module, feats: Sequence[Tensor], boxes: Tensor) -> Tensor:
    """Masks (N, h, w) of detections, 0 to 1, as the mask head gives them: the mean over the stages of a cascade."""
    cascade = isinstance(head, CascadeRoIHead)
    mask_heads = head.mask_head if cascade else [head.mask_head]
    extractors = head.mask_roi_extractor if cascade else [head.mask_roi_extractor]
    masks = []
    for extractor, mask_head in zip(extractors, mask_heads, strict=True):
        regions = extractor(feats[: extractor.num_inputs], _rois(boxes))
        # Some operators of ONNX Runtime refuse to work on no regions at all: they get an empty one, which is dropped.
        regions = torch.cat([regions, regions.new_zeros(1, *regions.shape[1:])])
        masks.append(mask_head(regions)[:-1, 0].sigmoid())
    return torch.stack(masks).mean(0)


def choose(boxes: Tensor, scores: Tensor, cfg: ConfigDict, groups: Tensor | None = None) -> Boxes:
    """Filter what is too small, suppress within each group (N,), and keep the best ``max_per_img``."""
    if cfg.get('min_bbox_size', -1) >= 0:
        width, height = (boxes[:, 2:] - boxes[:, :2]).unbind(1)
        large = (width > cfg.min_bbox_size) & (height > cfg.min_bbox_size)
        boxes, scores, groups = boxes[large], scores[large], None if groups is None else groups[large]
    apart = boxes if groups is None else boxes + groups[:, None] * (boxes.max() + 1)
    kept = torch.ops.torchvision.nms(apart, scores, cfg.nms.iou_threshold)[: cfg.max_per_img]
    return boxes[kept], scores[kept]


def _by_level(head: nn.Module, feats: Sequence[Tensor]) -> list[tuple[Tensor, Tensor, Tensor]]:
    """Logits (n, classes), box outputs (n, ...) and priors (n, 4) of each level."""
    logits, outputs = head(feats)
    sizes = [level.shape[-2:] for level in logits]
    priors = head.prior_generator.grid_priors(sizes, dtype=logits[0].dtype, device=logits[0].device)
    return [
        (level[0].permute(1, 2, 0).reshape(-1, head.cls_out_channels), output[0].permute(1, 2, 0), anchors)
        for level, output, anchors in zip(logits, outputs, priors, strict=True)
    ]


def _decode(coder: BaseBBoxCoder, priors: Tensor, outputs: Tensor, meta: dict) -> Tensor:
    """Decode boxes (N, 4), and clip them: mmdet clips in place, in slices, which a trace loses."""
    boxes = coder.decode(priors, outputs)
    if not coder.clip_border:
        return boxes
    height, width = meta['border']
    x1, y1, x2, y2 = (side.clamp(min=0) for side in boxes.unbind(-1))
    return torch.stack([x1.clamp(max=width), y1.clamp(max=height), x2.clamp(max=width), y2.clamp(max=height)], -1)


def _detections(
    head: nn.Module, proposals: Tensor, logits: Tensor, deltas: Tensor, cfg: ConfigDict, meta: dict
) -> Boxes:
    """Decode, choose and suppress the regions (R, 4), as the box head does."""
    if hasattr(head, 'choose_regions'):
        return choose(*head.choose_regions(proposals, logits, deltas, cfg, meta), cfg)
    scores = logits.softmax(-1)[:, 0]
    chosen = scores > cfg.score_thr
    boxes = _decode(head.bbox_coder, proposals, deltas, meta)
    return choose(boxes[chosen], scores[chosen], cfg)


def _rois(boxes: Tensor) -> Tensor:
    """Regions (N, 5) of the one image, as extractors take them."""
    return torch.cat([torch.zeros_like(boxes[:, :1]), boxes], dim=1)
