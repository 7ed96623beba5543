"""Time a pair of an image and a reference on torch and, exported, on ONNX Runtime, in turns, for any config."""

import argparse
import os
import tempfile
from pathlib import Path

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
import cv2
import numpy as np
import torch
from mmengine.config import Config
from rich.console import Console
from rich.table import Table

from mmosis.apis.random_weights import make_random_inferencer
from mmosis.deployment import export_onnx
from mmosis.deployment.pairs import PairTimes, time_pairs
from mmosis.search import OneShotInferencer
from mmosis.search.onnx_detector import OnnxDetector
from mmosis.utils.cores import limit_threads
from mmosis.utils.image import read_image

PHOTOGRAPH = Path(__file__).parents[2] / 'mmosis/web/photographs/pizza.jpg'
BOX = (287, 147, 381, 198)


def measure(config: str, weights: str | None, image_size: int, repeats: int) -> PairTimes:
    """Export a detector, and time it beside torch in the layout that searches take."""
    cfg, options = Config.fromfile(config), dict(device='cpu', channels_last=False)
    inferencer = OneShotInferencer(config, weights, **options) if weights else make_random_inferencer(cfg, **options)
    image = read_image(str(PHOTOGRAPH))
    x1, y1, x2, y2 = BOX
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(inferencer, Path(folder, 'out'))
        detector = OnnxDetector(Path(folder, 'out'), num_threads=torch.get_num_threads())
        inferencer.model.to(memory_format=torch.channels_last)
        ref_size = detector.spec['reference']['size']
        pictures = _fit(image, (image_size, image_size)), _fit(image[y1:y2, x1:x2], ref_size)
        return time_pairs(inferencer, detector, *pictures, repeats)


def _fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretch a picture to (h, w): (3, h, w)."""
    return np.ascontiguousarray(cv2.resize(picture, tuple(size)[::-1]).transpose(2, 0, 1))


def row(config: str, times: PairTimes) -> list[str]:
    """A row of the table."""
    texts = [Path(config).stem]
    for on_torch, on_onnx in (times.seconds, times.processor_seconds):
        texts += [f'{on_torch:.2f}', f'{on_onnx:.2f}', f'{on_onnx / on_torch:.2f}']
    texts.append(f'{times.num_same} of {times.num_detections[0]}')
    return [*texts, f'{times.box_difference:.1g}', f'{times.score_difference:.1g}', f'{os.getloadavg()[0]:.1f}']


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('configs', nargs='+', help='config files')
    parser.add_argument(
        '--weights', help='checkpoint of the config, where there is one config (default: random weights)'
    )
    parser.add_argument('--image-size', type=int, default=1024, help='side of the image (default: %(default)s)')
    parser.add_argument('--repeats', type=int, default=3, help='timings, of which the median counts')
    args = parser.parse_args()
    if args.weights and len(args.configs) > 1:
        parser.error('--weights are those of one config')
    limit_threads()
    seconds = ['torch, s', 'ONNX, s', 'ratio', 'torch, processor s', 'ONNX, processor s', 'ratio']
    table = Table('config', *seconds, 'same detections', 'boxes differ by, px', 'scores differ by', 'load')
    for config in args.configs:
        table.add_row(*row(config, measure(config, args.weights, args.image_size, args.repeats)))
    print(f'a pair at {args.image_size}x{args.image_size}, fp32, {torch.get_num_threads()} threads')
    Console(width=200).print(table)


if __name__ == '__main__':
    main()
