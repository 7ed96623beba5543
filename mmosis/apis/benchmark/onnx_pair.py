"""Time a pair of an image and a reference on torch and, exported, on ONNX Runtime, in turns, for any config."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from mmosis.deployment import export_onnx
from mmosis.deployment.pairs import PairTimes, time_pairs
from mmosis.search import OneShotInferencer
from mmosis.search.onnx_detector import OnnxDetector
from mmosis.utils.config_file import read_config
from mmosis.utils.image import read_image

from ..random_weights import make_random_inferencer
from .measured import Measured, Row

PHOTOGRAPH = Path(__file__).parents[2] / 'web/photographs/pizza.jpg'
BOX = (287, 147, 381, 198)


def measure_onnx_pairs(configs: Sequence[str], weights: str | None, image_size: int, repeats: int) -> Measured:
    """Export detectors, and time them beside torch in the layout that searches take.

    Args:
        configs: Config files of siamese detectors.
        weights: Their checkpoint; by default weights are random.
        image_size: Side of the image.
        repeats: Rounds, of which medians count.
    """
    rows = [_row(Path(config).stem, _measure(config, weights, image_size, repeats)) for config in configs]
    return Measured(f'a pair at {image_size} pixels, fp32, on torch and ONNX Runtime', rows)


def _measure(config: str, weights: str | None, image_size: int, repeats: int) -> PairTimes:
    cfg, options = read_config(config, needs=['model']), dict(device='cpu', channels_last=False)
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


def _row(name: str, times: PairTimes) -> Row:
    row = {'detector': name}
    for unit, (on_torch, on_onnx) in (('s', times.seconds), ('processor s', times.processor_seconds)):
        row.update({f'torch, {unit}': on_torch, f'ONNX, {unit}': on_onnx, f'ratio of {unit}': on_onnx / on_torch})
    return {
        **row,
        'same detections': f'{times.num_same} of {times.num_detections[0]}',
        'boxes differ by, px': times.box_difference,
        'scores differ by': times.score_difference,
    }
