"""Time the episodes of an image that share its features, beside the same as separate pairs; random data."""

import argparse
import os

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from terminaltables import AsciiTable
from torch import Tensor, nn

from mmosis.apis.flops import count_parts
from mmosis.utils.timing import median_seconds


def make_sample(size: int) -> DetDataSample:
    """Make the meta information of an image."""
    return DetDataSample(metainfo=dict(img_shape=(size, size), ori_shape=(size, size), scale_factor=(1.0, 1.0)))


@torch.no_grad()
def search_together(model: nn.Module, image: Tensor, references: Tensor) -> None:
    """Search an image for all references at once, as a test does."""
    model.predict(image, [make_sample(image.shape[-1])], [references])


@torch.no_grad()
def search_apart(model: nn.Module, image: Tensor, references: Tensor) -> None:
    """Search it for one reference after the other, each time from pixels, as the published code does."""
    for reference in references:
        model.predict(image, [make_sample(image.shape[-1])], [reference[None]])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file path')
    parser.add_argument('--runs', type=int, default=5, help='runs of the test (default: %(default)s)')
    parser.add_argument(
        '--categories', type=int, nargs='+', default=[1, 3], help='in the image; COCO has 2.9 on average'
    )
    parser.add_argument('--image-size', type=int, default=1024)
    parser.add_argument('--ref-size', type=int, default=192)
    parser.add_argument('--repeats', type=int, default=3, help='timings, of which the median counts')
    args = parser.parse_args()
    cfg = Config.fromfile(args.config)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = MODELS.build(cfg.model).to(device).eval()
    test_cfg, image_size, ref_size = cfg.model.test_cfg, (args.image_size,) * 2, (args.ref_size,) * 2
    counts = count_parts(model, image_size, ref_size, test_cfg.rpn.max_per_img, test_cfg.rcnn.max_per_img)
    shared = sum(count for name, count in counts.items() if name.endswith(', image'))
    whole = sum(counts.values())
    image = torch.randn(1, 3, *image_size, device=device) * 50
    rows = []
    for categories in args.categories:
        num = categories * args.runs
        references = torch.randn(num, 1, 3, *ref_size, device=device) * 50
        together = median_seconds(lambda r=references: search_together(model, image, r), args.repeats)
        apart = median_seconds(lambda r=references: search_apart(model, image, r), args.repeats)
        one_run = median_seconds(lambda r=references[:categories]: search_together(model, image, r), args.repeats)
        counted = (shared + num * (whole - shared)) / (num * whole)
        rows.append(
            [
                f'{categories} x {args.runs}',
                f'{together:.1f}',
                f'{apart:.1f}',
                f'{together / apart:.2f}',
                f'{counted:.2f}',
                f'{together / (args.runs * one_run):.2f}',
            ]
        )
    print(f'{device}, {torch.get_num_threads()} threads, load average {os.getloadavg()[0]:.1f}')
    header = ['categories x runs', 'together, s', 'pairs, s', 'ratio', 'ratio of multiply-adds', 'to single runs']
    print(AsciiTable([header, *rows]).table)


if __name__ == '__main__':
    main()
