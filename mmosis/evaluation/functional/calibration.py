"""Whether a score says how often a detection is right."""

import numpy as np

NUM_BINS = 10


def calibrate(scores: np.ndarray, correct: np.ndarray, num_bins: int = NUM_BINS) -> dict:
    """Compare scores with the share of right detections, bin by bin (reliability diagram, arXiv 1706.04599).

    Args:
        scores: (D,) in 0-1.
        correct: (D,) whether each detection is right.
        num_bins: Equal bins of the score.

    Returns:
        dict: ``bins``, each with its ``count``, mean ``score`` and ``precision`` (0-1; nan for an empty bin), and
        ``error``, the expected calibration error: their mean distance, weighted by the count.
    """
    bins = np.minimum((scores * num_bins).astype(int), num_bins - 1)
    counts = np.bincount(bins, minlength=num_bins)
    divisor = np.where(counts, counts, np.nan)
    means = np.bincount(bins, scores, num_bins) / divisor
    precisions = np.bincount(bins, correct, num_bins) / divisor
    error = np.nansum(np.abs(means - precisions) * counts) / max(counts.sum(), 1)
    rows = zip(counts.tolist(), means.tolist(), precisions.tolist(), strict=True)
    return dict(bins=[dict(count=n, score=s, precision=p) for n, s, p in rows], error=float(error))
