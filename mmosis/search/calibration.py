"""Scores that mean something: 0.5 is a detection that is right about half of the time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

EPS = 1e-6  # of a score, whose logit would be infinite


@dataclass(frozen=True)
class Calibration:
    """A monotone map of scores: sigmoid(slope * logit(score) + offset), after Platt.

    ``tools/analysis_tools/calibrate_scores.py`` fits it; a config has it as ``search.calibration``.

    Attributes:
        slope: Above 0.
        offset: Any number.

    Raises:
        ValueError: If the slope would turn the order of scores round.
    """

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.slope <= 0:
            raise ValueError(f'the slope of search.calibration must be above 0, got {self.slope}')

    @classmethod
    def from_config(cls, search: Mapping) -> 'Calibration | None':
        """Read a config's ``search``; None if it has no calibration."""
        return cls(**search['calibration']) if search.get('calibration') else None

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Calibrate scores (N,), 0-1; the type stays."""
        return (1 / (1 + np.exp(-self.slope * self.logits(scores) - self.offset))).astype(scores.dtype)

    @staticmethod
    def logits(scores: np.ndarray) -> np.ndarray:
        """Logits of scores, finite ones."""
        clipped = np.clip(scores.astype(np.float64), EPS, 1 - EPS)
        return np.log(clipped / (1 - clipped))

    def after(self, first: 'Calibration') -> 'Calibration':
        """Join with one that was applied before: two in a row are one."""
        return Calibration(self.slope * first.slope, self.slope * first.offset + self.offset)
