"""Appearance: a short vector that describes a cut-out, to find similar ones."""

import base64

import cv2
import numpy as np

_BINS = 3
_GRID = 6
_GREY = 128


def describe(cutout: np.ndarray) -> str:
    """Describe a cut-out: its colours, its shape and where they lie, and how long it is.

    Args:
        cutout: (h, w, 4) uint8, BGR and alpha.

    Returns:
        The vector as text, 8 bits a number.
    """
    alpha = cutout[..., 3:].astype(np.float32) / 255
    inside = cutout[alpha[..., 0] >= 0.5][:, :3] // (256 // _BINS + 1)
    colours = np.bincount(inside @ np.array([_BINS**2, _BINS, 1]), minlength=_BINS**3) / max(len(inside), 1)
    flat = alpha * cutout[..., :3] + (1 - alpha) * _GREY
    small = cv2.resize(np.dstack([flat, 255 * alpha]), (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    length = 128 + 64 * np.log2(cutout.shape[1] / cutout.shape[0])
    vector = np.concatenate([255 * np.sqrt(colours), small.ravel(), [np.clip(length, 0, 255)]])
    return base64.b64encode(np.round(vector).astype(np.uint8).tobytes()).decode()


def read_appearance(text: str) -> np.ndarray:
    """Read a vector, (D,) float32; the distance of two is 0 for equal cut-outs and about 1 for unlike ones."""
    vector = np.frombuffer(base64.b64decode(text), np.uint8).astype(np.float32) / 255
    # Colours, layout and length count alike, whatever their number of values.
    vector[_BINS**3 : -1] /= np.sqrt(_GRID**2)
    return vector
