"""Compare an exported detector with the one that it was made from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmosis.search.onnx.onnx_detector import OnnxDetector
from mmosis.search.onnx.paste import paste_masks
from mmosis.utils.published_frame import have_area

if TYPE_CHECKING:
    from mmosis.search import OneShotInferencer

# (h, w) of the images; objects in the second are too small for the deeper levels.
SIZES = ((176, 232), (60, 90))
NUM_TRIES = 3  # images of a size
MAX_BOX_DIFFERENCE = 0.1  # pixels
MAX_SCORE_DIFFERENCE = 1e-3
MAX_MASK_DIFFERENCE = 1e-3  # fraction of the pixels


@dataclass(frozen=True)
class Parity:
    """How far two detectors are apart on one image.

    Attributes:
        img_shape: (h, w) of the image.
        num_detections: Of both.
        box_difference: The largest, in pixels.
        score_difference: The largest.
        mask_difference: Fraction of the pixels of all masks; None without masks.
    """

    img_shape: tuple[int, int]
    num_detections: int
    box_difference: float
    score_difference: float
    mask_difference: float | None


def check_export(inferencer: 'OneShotInferencer', detector: OnnxDetector) -> list[Parity]:
    """Search images for two references of one category, with masks, by both detectors.

    Returns:
        list[Parity]: One for each of ``SIZES``.

    Raises:
        ValueError: If detections differ by more than rounding on all images of a size; it says in what.
    """
    return [_check_at(img_shape, inferencer, detector) for img_shape in SIZES]


def _check_at(img_shape: tuple[int, int], inferencer: 'OneShotInferencer', detector: OnnxDetector) -> Parity:
    """Compare on one image, or on the next: rounding can change which of two boxes is kept, but not on each."""
    for seed in range(NUM_TRIES):
        try:
            return _compare(img_shape, seed, inferencer, detector)
        except ValueError as error:
            differs = error
    raise ValueError(f'the exported model is not the same: {differs}') from differs


def _compare(img_shape: tuple[int, int], seed: int, inferencer: 'OneShotInferencer', detector: OnnxDetector) -> Parity:
    pixels, refs = _image(img_shape, seed), _references(tuple(detector.spec['reference']['size']), seed)
    expected = _search_by_torch(pixels, refs, inferencer)
    found = _search_by_onnx(pixels, refs, detector)
    if len(found['scores']) != len(expected):
        raise ValueError(f'{len(found["scores"])} detections in place of {len(expected)} on {_name(img_shape)}')
    order = _nearest(found, expected)
    boxes = np.abs(found['bboxes'][order] - expected.bboxes.numpy()).max(initial=0)
    scores = np.abs(found['scores'][order] - expected.scores.numpy()).max(initial=0)
    masks = np.mean(found['masks'][order] != expected.masks.numpy()) if 'masks' in found and len(order) else None
    for name, difference, limit in (
        ('boxes', boxes, MAX_BOX_DIFFERENCE),
        ('scores', scores, MAX_SCORE_DIFFERENCE),
        ('masks', masks or 0, MAX_MASK_DIFFERENCE),
    ):
        if difference > limit:
            raise ValueError(
                f'{name} differ by up to {difference:.3g} on {_name(img_shape)}; at most {limit} is rounding'
            )
    return Parity(img_shape, len(order), float(boxes), float(scores), None if masks is None else float(masks))


@torch.no_grad()
def _search_by_torch(pixels: np.ndarray, refs: np.ndarray, inferencer: 'OneShotInferencer') -> InstanceData:
    """Search as the inferencer does, in the frame of the network input."""
    model, shape = inferencer.model, pixels.shape[1:]
    meta = dict(img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0), window=_window(shape))
    data = model.data_preprocessor(
        dict(
            inputs=[torch.from_numpy(pixels)],
            data_samples=[DetDataSample(metainfo=meta)],
            ref_inputs=[torch.from_numpy(refs)[:, None]],
        )
    )
    reference = model.merge_references(model.encode_references(data['ref_inputs'][0]))
    return model.match_and_detect(
        model.encode_images(data['inputs']), reference, data['data_samples'][0], rescale=False
    )


def _search_by_onnx(pixels: np.ndarray, refs: np.ndarray, detector: OnnxDetector) -> dict[str, np.ndarray]:
    shape = pixels.shape[1:]
    rows = detector.encode_references(refs[:, :3], refs[:, 3:] / np.float32(255))
    found = detector.detect(
        detector.encode_images(pixels[None]), detector.merge_references(rows), shape, _window(shape)
    )
    rule = detector.spec['masks']
    if rule is not None:
        found['masks'] = paste_masks(found['masks'], found['bboxes'], shape, rule)
        if rule['paste'] == 'whole_pixels':
            found['bboxes'] = np.rint(found['bboxes'])
            kept = have_area(found['bboxes'])
            found = {key: values[kept] for key, values in found.items()}
    return found


def _nearest(found: dict[str, np.ndarray], expected: InstanceData) -> np.ndarray:
    """For each expected detection the nearest one: equal scores come in any order."""
    mine = np.column_stack([found['bboxes'], found['scores']])
    theirs = np.column_stack([expected.bboxes.numpy(), expected.scores.numpy()])
    return np.abs(theirs[:, None] - mine).max(axis=2).argmin(axis=1) if len(mine) else np.zeros(0, int)


def _image(img_shape: tuple[int, int], seed: int) -> np.ndarray:
    """Rectangles of many sizes (3, h, w) uint8, with noise: no two places are alike, so none score the same."""
    rng = np.random.default_rng(seed)
    image = np.full((3, *img_shape), 90.0)
    for _ in range(12):
        ends = np.sort(rng.uniform(0, img_shape, (2, 2)), axis=0).astype(int)
        image[:, ends[0, 0] : ends[1, 0] + 4, ends[0, 1] : ends[1, 1] + 4] = rng.uniform(0, 255, (3, 1, 1))
    return (image + rng.normal(0, 20, image.shape)).clip(0, 255).astype(np.uint8)


def _references(size: tuple[int, int], seed: int) -> np.ndarray:
    """Two references (2, 4, h, w): one with the mask of a part, one with that of all."""
    images = np.stack([_image(size, seed + 100), _image(size, seed + 200)])
    masks = np.full((2, 1, *size), 255, np.uint8)
    masks[0, 0, : size[0] // 3] = 0
    return np.concatenate([images, masks], axis=1)


def _window(shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """An image within its padding, for models that need it."""
    height, width = shape
    return 2, 3, width - 2, height - 3


def _name(img_shape: tuple[int, int]) -> str:
    return f'an image of {img_shape[0]}x{img_shape[1]} (h x w)'
