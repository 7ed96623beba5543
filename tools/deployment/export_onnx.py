"""Export a detector to a folder of ONNX graphs, which runs without torch, and check that it finds the same."""

import argparse
from pathlib import Path

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.deployment import export_onnx
    from mmosis.search import OneShotInferencer
    from mmosis.utils.tool import run_tool


def main() -> None:
    """Load, export, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='its weights; those of a published checkpoint are kept in half precision')
    parser.add_argument('out', help='folder to make')
    args = parser.parse_args()
    inferencer = OneShotInferencer(args.config, args.checkpoint, device='cpu', channels_last=False)
    for parity in export_onnx(inferencer, args.out):
        height, width = parity.img_shape
        print(
            f'{height}x{width} (h x w): {parity.num_detections} detections in both, boxes differ by up to '
            f'{parity.box_difference:.2g} pixels, scores by up to {parity.score_difference:.2g}'
        )
    size = sum(file.stat().st_size for file in Path(args.out).iterdir())
    print(f'{args.out}: {size / 1e6:.1f} MB')


if __name__ == '__main__':
    run_tool(main)
