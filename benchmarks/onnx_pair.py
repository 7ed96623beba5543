"""Time the search of one image for one reference on torch and, exported, on ONNX Runtime, in turns, for any config."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from mmosis.deployment import export_onnx
from mmosis.deployment.check import MAX_BOX_DIFFERENCE, MAX_SCORE_DIFFERENCE
from mmosis.deployment.graphs import Detect, Features, needs_window
from mmosis.search import OneShotInferencer
from mmosis.search.onnx.onnx_detector import OnnxDetector
from mmosis.utils.config_file import read_config
from mmosis.utils.image import read_image

from .measured import Measured, Row
from .noise import make_random_inferencer
from .runtimes import BOX, IMAGE
from .timing import time_in_turns

Found = dict[str, np.ndarray]


@dataclass(frozen=True)
class PairTimes:
    """How long one image and one reference take: the image is encoded, and an encoded reference is searched for in it.

    Attributes:
        seconds: On torch and on ONNX Runtime, medians.
        processor_seconds: The same of all threads together, which other work on the machine disturbs less.
        num_detections: On torch and on ONNX Runtime.
        num_same: Of these on torch, those that ONNX Runtime finds too but for rounding.
        box_difference: The largest of these, in pixels.
        score_difference: The largest of these.
    """

    seconds: tuple[float, float]
    processor_seconds: tuple[float, float]
    num_detections: tuple[int, int]
    num_same: int
    box_difference: float
    score_difference: float


def measure_onnx_pairs(configs: Sequence[str], weights: str | None, image_size: int, repeats: int) -> Measured:
    """Export detectors, and time them beside torch in the layout that searches take.

    Args:
        configs: Config files of siamese detectors.
        weights: Their checkpoint; by default weights are random.
        image_size: Side of the image.
        repeats: Rounds, of which medians count.
    """
    rows = [_row(Path(config).stem, _measure(config, weights, image_size, repeats)) for config in configs]
    return Measured(f'one image and one reference at {image_size} pixels, fp32, on torch and ONNX Runtime', rows)


def _measure(config: str, weights: str | None, image_size: int, repeats: int) -> PairTimes:
    cfg, options = read_config(config, needs=['model']), dict(device='cpu', channels_last=False)
    inferencer = OneShotInferencer(config, weights, **options) if weights else make_random_inferencer(cfg, **options)
    image = read_image(str(IMAGE))
    x1, y1, x2, y2 = BOX
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(inferencer, Path(folder, 'out'))
        detector = OnnxDetector(Path(folder, 'out'), num_threads=torch.get_num_threads())
        inferencer.model.to(memory_format=torch.channels_last)
        ref_size = detector.spec['reference']['size']
        inputs = _resize(image, (image_size, image_size)), _resize(image[y1:y2, x1:x2], ref_size)
        return time_pairs(inferencer, detector, *inputs, repeats)


def _resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Stretch an image to (h, w): (3, h, w)."""
    return np.ascontiguousarray(cv2.resize(image, tuple(size)[::-1]).transpose(2, 0, 1))


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


def time_pairs(
    inferencer: OneShotInferencer, detector: OnnxDetector, image: np.ndarray, reference: np.ndarray, repeats: int
) -> PairTimes:
    """Time both, from pixels to boxes, scores and masks at the mask head's resolution.

    Args:
        inferencer: The detector on torch, on the CPU.
        detector: The same, exported.
        image: (3, H, W) uint8, BGR; sides that the strides divide.
        reference: (3, h, w) uint8, BGR, of the size that the reference pipeline makes.
        repeats: Timings of each, of which the median counts; a first one does not.
    """
    runs = dict(torch=_on_torch(inferencer, image, reference), onnx=_on_onnx(detector, image, reference))
    results: list[Found] = []
    taken = time_in_turns(runs, repeats, first=lambda run: results.append(run()))
    seconds, processor_seconds = zip(*taken.values(), strict=True)
    counts = tuple(len(found['scores']) for found in results)
    return PairTimes(seconds, processor_seconds, counts, *_compare(*results))


def _on_torch(inferencer: OneShotInferencer, image: np.ndarray, reference: np.ndarray) -> Callable[[], Found]:
    """The steps of the exported graphs, run by torch."""
    model = inferencer.model
    features = Features(model)
    with torch.no_grad():
        ref_inputs = model.data_preprocessor.prepare_references(torch.from_numpy(reference)[None, None])
        query = model.merge_references(model.encode_references(ref_inputs)).tensors
    data = dict(inputs=[torch.from_numpy(image)], ref_inputs=[torch.from_numpy(reference)[None, None]])

    @torch.no_grad()
    def run() -> Found:
        feats = features(model.data_preprocessor(dict(data))['inputs'])
        detect = Detect(model, len(feats))
        shape = torch.tensor(image.shape[1:])
        window = [torch.from_numpy(_window(image))] if needs_window(model) else []
        found = detect(*feats, *query, shape, *window)
        return {name: each.numpy() for name, each in zip(detect.outputs, found, strict=True)}

    return run


def _on_onnx(detector: OnnxDetector, image: np.ndarray, reference: np.ndarray) -> Callable[[], Found]:
    query = detector.encode_references(reference[None])
    return lambda: detector.detect(detector.encode_images(image[None]), query, image.shape[1:], _window(image))


def _window(image: np.ndarray) -> np.ndarray:
    """The image takes all of the network input."""
    return np.array([0, 0, image.shape[2], image.shape[1]], np.float32)


def _compare(expected: Found, found: Found) -> tuple[int, float, float]:
    """How many are the same, and how far these are apart; equal scores come in any order."""
    boxes = np.abs(expected['bboxes'][:, None] - found['bboxes']).max(axis=2, initial=0)
    scores = np.abs(expected['scores'][:, None] - found['scores'])
    same = (boxes <= MAX_BOX_DIFFERENCE) & (scores <= MAX_SCORE_DIFFERENCE)
    nearest = np.where(same, boxes, np.inf).argmin(axis=1) if same.size else np.zeros(0, int)
    rows = np.flatnonzero(same.any(axis=1))
    apart = [each[rows, nearest[rows]].max(initial=0) for each in (boxes, scores)] if len(rows) else [0, 0]
    return len(rows), *map(float, apart)
