"""Print parameters and multiply-adds of a model by part, for one image and one reference."""

import argparse
from collections.abc import Callable, Iterator

import torch
from terminaltables import AsciiTable
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmdet.registry import MODELS
    from mmengine.registry import init_default_scope

    from mmosis.structures import EncodedReferences
    from mmosis.utils.arguments import at_least
    from mmosis.utils.config_file import read_config
    from mmosis.utils.tool import run_tool


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
        run('relation', relation, *sides, references['region'], episodes)
    for name, head, extractor in _region_heads(model):
        num = num_masks if name.startswith('mask') else num_rois
        run(name, head, torch.zeros(num, matched[0].shape[1], *extractor.roi_layers[0].output_size, device=device))
    return counts


def _region_heads(model: nn.Module) -> Iterator[tuple[str, nn.Module, nn.Module]]:
    """Name the heads that see regions, all stages of a cascade, each with its RoI extractor."""
    for part, name in (('bbox', 'box head'), ('mask', 'mask head')):
        heads = getattr(getattr(model, 'roi_head', None), f'{part}_head', None)
        if heads is None:
            continue
        extractors = getattr(model.roi_head, f'{part}_roi_extractor')
        if isinstance(heads, nn.ModuleList):
            stages = enumerate(zip(heads, extractors, strict=True), 1)
            yield from ((f'{name} {i}', head, extractor) for i, (head, extractor) in stages)
        else:
            yield name, heads, extractors


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file path')
    parser.add_argument(
        '--shape', type=at_least(1), nargs=2, default=(1024, 1024), help='height and width of the image'
    )
    parser.add_argument(
        '--ref-shape', type=at_least(1), nargs=2, default=(192, 192), help='height and width of the reference'
    )
    args = parser.parse_args()
    cfg = read_config(args.config, needs=['model', 'default_scope'])
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    model = MODELS.build(cfg.model).eval()
    test_cfg = cfg.model.test_cfg
    num_rois, num_masks = (test_cfg[stage].max_per_img if stage in test_cfg else 0 for stage in ('rpn', 'rcnn'))
    counts = count_parts(model, tuple(args.shape), tuple(args.ref_shape), num_rois, num_masks)
    rows = [[name, f'{count / 1e9:.3f}'] for name, count in counts.items()]
    print(AsciiTable([['part', 'multiply-adds (G)'], *rows, ['sum', f'{sum(counts.values()) / 1e9:.3f}']]).table)
    parts = {name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()}
    rows = [[name, f'{count / 1e6:.2f}'] for name, count in parts.items() if count]
    print(AsciiTable([['part', 'parameters (M)'], *rows, ['sum', f'{sum(parts.values()) / 1e6:.2f}']]).table)


if __name__ == '__main__':
    run_tool(main)
