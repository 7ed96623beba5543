"""Print parameters and multiply-adds of a model by part, for one image and one reference."""

import argparse

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
from mmdet.registry import MODELS
from mmengine.registry import init_default_scope
from terminaltables import AsciiTable

from mmosis.apis.flops import count_parts
from mmosis.utils.arguments import at_least
from mmosis.utils.config_file import read_config
from mmosis.utils.tool import run_tool


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
