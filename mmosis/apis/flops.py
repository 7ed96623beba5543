"""Multiply-adds of a siamese detector, part by part."""

from collections.abc import Callable, Iterator

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
        model: A siamese detector, of one stage or two, with or without masks, cascades included.
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
    if hasattr(model, 'rpn_head'):
        run('RPN head', model.rpn_head, matched)
    else:
        run('dense head', model.bbox_head, matched)
    relation = getattr(getattr(model, 'roi_head', None), 'relation', None)
    if relation is not None:
        sides = [
            torch.zeros(num_rois, channels, relation.roi_feat_size, relation.roi_feat_size, device=device)
            for channels in (relation.out_channels, relation.in_channels)
        ]
        episodes = torch.zeros(num_rois, dtype=torch.long, device=device)
        run('relation', relation, *sides, references.tensors[-1], episodes)
    for name, head, extractor in _region_heads(model):
        num = num_masks if name.startswith('mask') else num_rois
        run(name, head, torch.zeros(num, matched[0].shape[1], *extractor.roi_layers[0].output_size, device=device))
    return counts


def _region_heads(model: nn.Module) -> Iterator[tuple[str, nn.Module, nn.Module]]:
    """Name the heads that see regions, all stages of a cascade, each with its RoI extractor."""
    for kind in ('bbox', 'mask'):
        heads = getattr(getattr(model, 'roi_head', None), f'{kind}_head', None)
        if heads is None:
            continue
        extractors = getattr(model.roi_head, f'{kind}_roi_extractor')
        name = 'box head' if kind == 'bbox' else 'mask head'
        if isinstance(heads, nn.ModuleList):
            stages = enumerate(zip(heads, extractors, strict=True), 1)
            yield from ((f'{name} {i}', head, extractor) for i, (head, extractor) in stages)
        else:
            yield name, heads, extractors
