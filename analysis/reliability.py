"""Reliability of scores, and the fit of a calibration."""

import numpy as np

LEAST_SLOPE = 1e-3  # scores must keep their order
NUM_BINS = 10


def measure_reliability(scores: np.ndarray, correct: np.ndarray, num_bins: int = NUM_BINS) -> dict:
    """Compare scores with the fraction of right detections, bin by bin (reliability diagram, arXiv 1706.04599).

    Args:
        scores: (D,) in 0-1.
        correct: (D,) whether each detection is right.
        num_bins: Equal bins of the score.

    Returns:
        dict: ``bins``, each with its ``count``, mean ``score`` and ``precision`` (0-1; nan for an empty bin), and
        ``error``, the expected calibration error: their mean distance, weighted by the count.
    """
    bins = np.searchsorted(np.arange(1, num_bins) / num_bins, scores, side='right')  # a product would be rounded
    counts = np.bincount(bins, minlength=num_bins)
    divisor = np.where(counts, counts, np.nan)
    means = np.bincount(bins, scores, num_bins) / divisor
    precisions = np.bincount(bins, correct, num_bins) / divisor
    error = np.nansum(np.abs(means - precisions) * counts) / max(counts.sum(), 1)
    rows = zip(counts.tolist(), means.tolist(), precisions.tolist(), strict=True)
    return dict(bins=[dict(count=n, score=s, precision=p) for n, s, p in rows], error=float(error))


def fit_calibration(
    logits: np.ndarray, correct: np.ndarray, misfits: np.ndarray | None = None, weights: np.ndarray | None = None
) -> tuple[float, ...]:
    """Fit sigmoid(slope * logit + offset - weight * misfit) to right and wrong detections (Platt scaling).

    Args:
        logits: (D,) of the scores.
        correct: (D,) whether each detection is right.
        misfits: (D,) what lowers the logit beside the score; None fits slope and offset alone.
        weights: (D,) how much each detection counts, by default alike.

    Returns:
        tuple: Slope, above 0, offset, and with misfits their weight, 0 or more.

    Raises:
        ValueError: If all detections are right, or none.
    """
    from scipy.optimize import minimize  # a quarter of a second, which a search need not wait for
    from scipy.special import expit

    if correct.all() or not correct.any():
        raise ValueError(
            f'a calibration is fitted to right and wrong detections, got {int(correct.sum())} right of {len(correct)}'
        )
    features = [logits, np.ones_like(logits)] + ([] if misfits is None else [-misfits])
    weights = np.ones_like(logits) if weights is None else weights
    weights = weights / weights.sum()

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        margins = values @ features
        errors = weights * (expit(margins) - correct)
        return weights @ (np.logaddexp(0, margins) - correct * margins), np.array([errors @ each for each in features])

    bounds = [(LEAST_SLOPE, None), (None, None), (0, None)][: len(features)]
    start = [1.0, 0.0, 0.0][: len(features)]
    return tuple(minimize(loss, start, jac=True, bounds=bounds).x.tolist())
