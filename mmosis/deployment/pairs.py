"""Time pairs of an image and a reference on torch and on ONNX Runtime, in turns, in one process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from mmosis.search.onnx_detector import OnnxDetector

from .check import MAX_BOX_DIFFERENCE, MAX_SCORE_DIFFERENCE
from .graphs import Detect, Features, needs_window

if TYPE_CHECKING:
    from mmosis.search import OneShotInferencer

Found = dict[str, np.ndarray]


@dataclass(frozen=True)
class PairTimes:
    """How long a pair takes: the image is encoded, and one encoded reference is searched for in it.

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


def time_pairs(
    inferencer: 'OneShotInferencer', detector: OnnxDetector, image: np.ndarray, reference: np.ndarray, repeats: int
) -> PairTimes:
    """Time both, from pixels to boxes, scores and masks at the mask head's resolution.

    Args:
        inferencer: The detector on torch, on the CPU.
        detector: The same, exported.
        image: (3, H, W) uint8, BGR; sides that the strides divide.
        reference: (3, h, w) uint8, BGR, of the size that the reference pipeline makes.
        repeats: Timings of each, of which the median counts; a first one does not.
    """
    runs = [_on_torch(inferencer, image, reference), _on_onnx(detector, image, reference)]
    taken, results = [], []
    for _ in range(repeats + 1):
        results, seconds = zip(*map(_time, runs), strict=True)
        taken.append(seconds)
    medians = np.median(np.array(taken[1:]), axis=0).T.tolist()
    counts = tuple(len(result['scores']) for result in results)
    return PairTimes(*map(tuple, medians), counts, *_compare(*results))


def _time(run: Callable[[], Found]) -> tuple[Found, tuple[float, float]]:
    """What a run finds, its seconds and those of the processor."""
    start, used = time.perf_counter(), time.process_time()
    found = run()
    return found, (time.perf_counter() - start, time.process_time() - used)


def _on_torch(inferencer: 'OneShotInferencer', image: np.ndarray, reference: np.ndarray) -> Callable[[], Found]:
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
    """The picture takes all of the network input."""
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
