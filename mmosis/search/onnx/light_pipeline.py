"""The transforms of a config's test pipelines without MMCV, for the runtime that has none."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from mmosis.search.steps import at_scale
from mmosis.utils.published_frame import PublishedFrame, frame_reference
from mmosis.utils.reference_crop import crop_reference, fit_mask, fit_square


class NetworkInput(NamedTuple):
    """An image as the network takes it.

    Attributes:
        pixels: (1, 3, H, W) uint8, BGR, padded.
        img_shape: (h, w) of the image in it, without padding at its right and bottom.
        scale_factor: By which it was enlarged, (x, y).
        window: The image within padding around it, xyxy in pixels, where a transform pads so.
    """

    pixels: np.ndarray
    img_shape: tuple[int, int]
    scale_factor: tuple[float, float]
    window: tuple[int, int, int, int] | None


def prepare_image(img: np.ndarray, steps: Sequence[dict], side: int | None, divisor: int) -> NetworkInput:
    """Transform an image as the test does.

    Args:
        img: (H, W, 3) uint8, BGR.
        steps: Transforms of the test pipeline after loading.
        side: Longer side in pixels; by default as the steps say.
        divisor: What the sides of a network input are multiples of, where a side is given.
    """
    results = dict(img=img, img_shape=img.shape[:2], scale_factor=(1.0, 1.0), window=None)
    for step in steps:
        results = _IMAGE_STEPS[step['type']](
            results, **_settings(step if side is None else at_scale(step, side, divisor))
        )
    return NetworkInput(_as_batch(results['img']), *(results[key] for key in NetworkInput._fields[1:]))


def prepare_reference(loaded: dict, steps: Sequence[dict]) -> tuple[np.ndarray, np.ndarray]:
    """Transform a reference as the test does.

    Args:
        loaded: As :meth:`SearchReference.load` gives it.
        steps: Transforms of the reference pipeline after loading.

    Returns:
        tuple: Pixels (1, 3, h, w) uint8, BGR, and mask (1, 1, h, w), 0-1: 1 everywhere where no mask is taken.
    """
    mask = loaded.get('ref_mask')
    results = dict(img=loaded['img'], bbox=loaded['ref_bbox'], mask=None if mask is None else 255 * mask)
    for step in steps:
        results = _REFERENCE_STEPS[step['type']](results, **_settings(step))
    pixels, mask = _as_batch(results['img']), results['mask']
    if mask is None:
        return pixels, np.ones((1, 1, *pixels.shape[2:]), np.float32)
    return pixels, mask[None, None].astype(np.float32) / 255


def check_steps(steps: Sequence[dict], ref_steps: Sequence[dict]) -> None:
    """Refuse transforms that are not known here.

    Raises:
        ValueError: If there is one.
    """
    unknown = sorted(
        {step['type'] for step in steps} - set(_IMAGE_STEPS)
        | {step['type'] for step in ref_steps} - set(_REFERENCE_STEPS)
    )
    if unknown:
        raise ValueError(
            f'the light runtime has no transform {", ".join(unknown)}; search with torch instead (--runtime torch)'
        )


def _settings(step: dict) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key != 'type'}


def _as_batch(img: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(img.transpose(2, 0, 1)[None])


def _resize(results: dict, scale: Sequence[int], keep_ratio: bool = False) -> dict:
    """As MMCV's ``Resize``: to fit in the scale, or to it."""
    height, width = results['img'].shape[:2]
    size = (scale[0], scale[1])
    if keep_ratio:
        factor = min(max(scale) / max(height, width), min(scale) / min(height, width))
        size = (int(width * factor + 0.5), int(height * factor + 0.5))
    img = cv2.resize(results['img'], size, interpolation=cv2.INTER_LINEAR)
    return dict(results, img=img, img_shape=size[::-1], scale_factor=(size[0] / width, size[1] / height))


def _frame(results: dict, min_size: int, max_size: int, anti_aliasing: bool) -> dict:
    frame = PublishedFrame.of(results['img'].shape[:2], min_size, max_size)
    img = frame.image(results['img'], anti_aliasing)
    return dict(results, img=img, img_shape=img.shape[:2], scale_factor=(frame.scale,) * 2, window=frame.window)


def _pad(
    results: dict, size: Sequence[int] | None = None, size_divisor: int | None = None, pad_val: dict | None = None
) -> dict:
    """As MMCV's ``Pad``, at the right and bottom."""
    height, width = results['img'].shape[:2]
    if size is None:
        size = tuple(-(-side // size_divisor) * size_divisor for side in (width, height))
    ends = (0, size[1] - height, 0, size[0] - width)
    colour = (pad_val or dict(img=(0, 0, 0)))['img']
    return dict(results, img=cv2.copyMakeBorder(results['img'], *ends, cv2.BORDER_CONSTANT, value=colour))


def _crop(results: dict, margin: float = 0.0, mark_box: bool = False) -> dict:
    img, mask = crop_reference(results['img'], results['bbox'], results['mask'], margin, mark_box)
    return dict(results, img=img, mask=mask)


def _fit(results: dict, size: int, keep_ratio: bool = True) -> dict:
    mask = results['mask']
    mask = None if mask is None else fit_mask(mask, size, keep_ratio)
    return dict(results, img=fit_square(results['img'], size, keep_ratio), mask=mask)


def _cut(results: dict, **sizes: Any) -> dict:
    img, mask = frame_reference(results['img'], results['bbox'], results['mask'], **sizes)
    return dict(results, img=img, mask=mask)


def _pack(results: dict, **_: Any) -> dict:
    return results


_IMAGE_STEPS: dict[str, Callable[..., dict]] = dict(
    Resize=_resize, Pad=_pad, PublishedResize=_frame, PackOneShotInputs=_pack
)
_REFERENCE_STEPS: dict[str, Callable[..., dict]] = dict(
    CropReference=_crop, ResizeReference=_fit, PublishedReference=_cut, PackReference=_pack
)
