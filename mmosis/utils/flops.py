"""Multiply-adds of a siamese two-stage detector, part by part."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmosis.structures import EncodedReferences


@torch.no_grad()
def count_parts(
    model: nn.Module, image_size: tuple[int, int], ref_size: tuple[int, int], num_rois: int, num_masks: int
) -> dict[str, int]:
    """Count multiply-adds of convolutions and matrix products for one image and one reference.

    Args:
        model: A SiameseTwoStageDetector.
        image_size: (h, w) of the image, network input.
        ref_size: (h, w) of the reference.
        num_rois: Regions that pass the box head.
        num_masks: Detections that pass the mask head.

    Returns:
        dict: Multiply-adds of each part, in the order in which they run.
    """
    counts: dict[str, int] = {}

    def run(name: str, part: Callable, *args: Tensor | tuple | EncodedReferences) -> Tensor | tuple:
        with FlopCounterMode(display=False) as counter:
            out = part(*args)
        counts[name] = counter.get_total_flops() // 2
        return out

    device = next(model.parameters()).device
    stages = run('backbone, image', model.backbone, torch.zeros(1, 3, *image_size, device=device))
    feats = run('neck, image', model.neck, stages)
    stages = run('backbone, reference', model.backbone, torch.zeros(1, 3, *ref_size, device=device))
    ref_feats = run('neck, reference', model.neck, stages)
    references = model.match_neck.encode_references([feat[:, None] for feat in ref_feats])
    matched = run('match neck', model.match_neck, feats, references)
    run('RPN head', model.rpn_head, matched)
    channels = matched[0].shape[1]
    for name, head, rois, extractor in (
        ('box head', model.roi_head.bbox_head, num_rois, model.roi_head.bbox_roi_extractor),
        ('mask head', model.roi_head.mask_head, num_masks, model.roi_head.mask_roi_extractor),
    ):
        run(name, head, torch.zeros(rois, channels, *extractor.roi_layers[0].output_size, device=device))
    return counts
