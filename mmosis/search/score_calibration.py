"""Calibration of scores: at 0.5 a detection is right about half of the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

EPS = 1e-6  # of a score, whose logit would be infinite


@dataclass(frozen=True)
class SizeCalibration:
    """Calibration where the size of the object is known: objects of a category have similar sizes.

    Attributes:
        slope: Above 0.
        offset: Any number.
        weight: By how much a logit falls for each factor of e by which a detection is larger than all references or
            smaller than all, 0 or more.

    Raises:
        ValueError: If a number is out of its range.
    """

    slope: float
    offset: float
    weight: float

    def __post_init__(self) -> None:
        _check_slope(self.slope)
        if not self.weight >= 0:
            raise ValueError(f'a weight in search.calibration must be at least 0, got {self.weight}')


@dataclass(frozen=True)
class Calibration:
    """A map of scores: sigmoid(slope * logit(score) + offset), after Platt.

    Where references show how large the object is in the image, it is another one, and a misfit of the size counts:
    sigmoid(slope * logit(score) + offset - weight * misfit), see :func:`size_misfit`. Where a reference lies on the
    image itself, it is a third one: what it shows is there, in the same light and at like distances.

    ``tools/analysis_tools/calibrate_scores.py`` fits it; a config has it as ``search.calibration``.

    Attributes:
        slope: Above 0.
        offset: Any number.
        by_size: Where the size is known; None for the same as elsewhere.
        boxed: Where a reference lies on the image and shows the size; None for the same as ``by_size``.

    Raises:
        ValueError: If a slope would turn the order of scores round.
    """

    slope: float = 1.0
    offset: float = 0.0
    by_size: SizeCalibration | None = None
    boxed: SizeCalibration | None = None

    def __post_init__(self) -> None:
        _check_slope(self.slope)

    @classmethod
    def from_config(cls, search: Mapping) -> 'Calibration | None':
        """Read a config's ``search``; None if it has no calibration.

        Raises:
            TypeError: If it has other settings.
            ValueError: If a number is out of its range.
        """
        if not search.get('calibration'):
            return None
        if not isinstance(search['calibration'], Mapping):
            raise TypeError(f'search.calibration must be a dict of numbers, got {search["calibration"]!r}')
        settings = dict(search['calibration'])
        parts = {name: SizeCalibration(**settings.pop(name)) for name in ('by_size', 'boxed') if settings.get(name)}
        return cls(**settings | parts)

    def __call__(self, scores: np.ndarray, misfits: np.ndarray | None = None, boxed: bool = False) -> np.ndarray:
        """Calibrate the scores of one category in one image.

        Args:
            scores: (N,), 0-1.
            misfits: (N,) as :func:`size_misfit` gives them; None where the size is not known.
            boxed: Whether a reference lies on the image.

        Returns:
            np.ndarray: (N,), 0-1, of the same type.
        """
        sized = None if misfits is None else (boxed and self.boxed) or self.by_size
        logits = self.logits(scores)
        if sized is None:
            margins = self.slope * logits + self.offset
        else:
            margins = sized.slope * logits + sized.offset - sized.weight * misfits
        return (1 / (1 + np.exp(-margins))).astype(scores.dtype)

    @staticmethod
    def logits(scores: np.ndarray) -> np.ndarray:
        """Logits of scores, finite ones."""
        clipped = np.clip(scores.astype(np.float64), EPS, 1 - EPS)
        return np.log(clipped / (1 - clipped))


def size_misfit(bboxes: np.ndarray, sizes: Sequence[float]) -> np.ndarray:
    """Log ratio by which boxes are larger or smaller than what the references show.

    Args:
        bboxes: (N, 4) xyxy, pixels of the image.
        sizes: How large the object is: root of the area of the box, px of the image, of each reference that shows it.

    Returns:
        np.ndarray: (N,) natural logarithm of the ratio of the root of a box's area to the largest of the sizes, or of
        the smallest to it; 0 between them.
    """
    areas = np.prod((bboxes[:, 2:] - bboxes[:, :2]).astype(np.float64), axis=1)
    logs = np.log(np.maximum(areas, 1)) / 2
    return np.maximum(np.maximum(np.log(min(sizes)) - logs, logs - np.log(max(sizes))), 0)


def _check_slope(slope: float) -> None:
    if not slope > 0:
        raise ValueError(f'a slope in search.calibration must be above 0, got {slope}')
