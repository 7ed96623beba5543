import numpy as np
import pytest
from scipy.special import expit

from analysis.reliability import fit_calibration, measure_reliability


def test_bins_and_their_distance_from_the_score() -> None:
    result = measure_reliability(np.array([0.95, 0.95, 0.15, 1.0]), np.array([True, False, False, True]), num_bins=10)
    top, low = result['bins'][9], result['bins'][1]
    assert top == dict(count=3, score=pytest.approx(2.9 / 3), precision=pytest.approx(2 / 3))
    assert low == dict(count=1, score=pytest.approx(0.15), precision=0)
    assert result['error'] == pytest.approx((3 * (2.9 / 3 - 2 / 3) + 0.15) / 4)
    assert [one['count'] for one in result['bins']] == [0, 1, 0, 0, 0, 0, 0, 0, 0, 3]


def test_perfectly_calibrated_scores_have_no_error() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(200_000)
    assert measure_reliability(scores, rng.random(len(scores)) < scores)['error'] < 0.01


def test_no_detections() -> None:
    result = measure_reliability(np.zeros(0), np.zeros(0, dtype=bool))
    assert result['error'] == 0
    assert all(np.isnan(one['precision']) for one in result['bins'])


def test_the_fit_finds_the_slope_and_the_offset() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 200_000)
    slope, offset = fit_calibration(logits, rng.random(len(logits)) < expit(0.5 * logits - 1.5))
    assert (slope, offset) == (pytest.approx(0.5, abs=0.02), pytest.approx(-1.5, abs=0.02))


def test_the_fit_finds_the_weight_of_a_misfit() -> None:
    rng = np.random.default_rng(0)
    logits, misfits = rng.normal(0, 2, 200_000), rng.random(200_000)
    correct = rng.random(len(logits)) < expit(0.5 * logits - 1.5 - 2 * misfits)
    assert fit_calibration(logits, correct, misfits) == pytest.approx((0.5, -1.5, 2.0), abs=0.05)
    assert fit_calibration(logits, correct, -misfits)[2] == 0


def test_the_fit_weighs_detections() -> None:
    """One right detection that counts three times, and three wrong ones."""
    logits, correct = np.zeros(4), np.array([True, False, False, False])
    for weights, odds in ((None, 1 / 3), (np.array([3.0, 1, 1, 1]), 1)):
        assert fit_calibration(logits, correct, weights=weights)[1] == pytest.approx(np.log(odds), abs=1e-3)


def test_the_fit_keeps_the_order() -> None:
    slope, _ = fit_calibration(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([True, True, False, False]))
    assert 0 < slope < 0.01


@pytest.mark.parametrize('correct', [[True, True], [False, False]])
def test_the_fit_needs_both(correct: list[bool]) -> None:
    with pytest.raises(ValueError, match=f'fitted to right and wrong detections, got {sum(correct)} right of 2'):
        fit_calibration(np.zeros(2), np.array(correct))


def test_a_score_on_an_edge_is_in_the_bin_that_it_begins() -> None:
    """The product 0.29 * 100 is below 29 as a float."""
    result = measure_reliability(np.array([0.29, 0.57, 1.0]), np.ones(3), num_bins=100)
    assert [number for number, one in enumerate(result['bins']) if one['count']] == [29, 57, 99]
