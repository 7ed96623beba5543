"""Print how far torchvision's NMS and RoIAlign are from MMCV's compiled ones (see test_compiled_ops.sh)."""

import argparse
import sys

import torch
from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import ops, prepare
    from mmosis.utils.tool import run_tool

SIZES = dict(aligned_height=7, aligned_width=7, spatial_scale=0.25, pool_mode=ops.AVERAGE)


def random_boxes(num: int, rng: torch.Generator) -> torch.Tensor:
    """Random boxes (num, 4) xyxy, of 1 to 300 pixels, in an image of 1024x1024."""
    corners = torch.rand(num, 2, generator=rng) * 724
    return torch.cat([corners, corners + 1 + torch.rand(num, 2, generator=rng) * 299], 1)


def compare_nms(offset: int, rng: torch.Generator) -> bool:
    """Tell whether both keep the same boxes of 2000 in the same order; scores differ, as MMCV's sort is not stable."""
    boxes, scores = random_boxes(2000, rng), torch.randperm(2000, generator=rng) / 2000
    compiled = sys.modules[ops.EXTENSION].nms(boxes, scores, iou_threshold=0.5, offset=offset)
    return torch.equal(ops.nms(boxes, scores, 0.5, offset), compiled)


def compare_roi_align(aligned: bool, samples: int, rng: torch.Generator) -> tuple[float, float]:
    """Measure max |a - b| / max |b| of outputs and of gradients, for 100 regions of two maps."""
    feats = torch.randn(2, 16, 256, 256, generator=rng)
    rois = torch.cat([torch.arange(100)[:, None] % 2, random_boxes(100, rng)], 1)
    grad_output = torch.randn(100, 16, 7, 7, generator=rng)
    results = []
    for source in (ops, sys.modules[ops.EXTENSION]):
        output, grad, unused = torch.zeros_like(grad_output), torch.zeros_like(feats), feats.new_zeros(0)
        settings = dict(SIZES, aligned=aligned, sampling_ratio=samples)
        source.roi_align_forward(feats, rois, output, unused, unused, **settings)
        source.roi_align_backward(grad_output, rois, unused, unused, grad, **settings)
        results.append((output, grad))
    return tuple(((a - b).abs().max() / b.abs().max()).item() for a, b in zip(*results, strict=True))


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--draws', type=int, default=20, help='random inputs a row (default: %(default)s)')
    args = parser.parse_args()
    prepare()
    if isinstance(sys.modules[ops.EXTENSION], ops.StandIn):
        parser.error('MMCV has no compiled ops here; tools/misc/test_compiled_ops.sh makes an environment that has')
    rng, rows = torch.Generator().manual_seed(0), []
    for offset in (0, 1):
        same = sum(compare_nms(offset, rng) for _ in range(args.draws))
        rows.append([f'NMS, offset={offset}', f'{same} of {args.draws} the same', '-'])
    for aligned in (True, False):
        for samples in (0, 2):
            errors = [compare_roi_align(aligned, samples, rng) for _ in range(args.draws)]
            cells = [f'{max(error):.1e}' for error in zip(*errors, strict=True)]
            rows.append([f'RoIAlign, aligned={aligned}, sampling_ratio={samples}', *cells])
    print(AsciiTable([['op', 'output, max|a-b| / max|b|', 'gradient'], *rows]).table)


if __name__ == '__main__':
    run_tool(main)
