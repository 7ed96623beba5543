"""The calibration of scores."""

import numpy as np
import pytest

from mmosis.search.calibration import Calibration


def test_it_is_affine_in_the_logit() -> None:
    scores = np.array([0.2, 0.5, 0.8], np.float32)
    odds = 3 * (scores / (1 - scores)) ** 2
    np.testing.assert_allclose(Calibration(2.0, float(np.log(3.0)))(scores), odds / (1 + odds), rtol=1e-6)
    np.testing.assert_allclose(Calibration()(scores), scores, rtol=1e-6)
    assert Calibration()(scores).dtype == np.float32


def test_ends_stay_finite_and_in_order() -> None:
    scores = Calibration(1.5, -2.0)(np.array([0.0, 0.3, 0.9, 1.0], np.float32))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()


def test_two_in_a_row_are_one() -> None:
    scores = np.array([0.1, 0.6, 0.9])
    first, second = Calibration(2.0, 0.5), Calibration(0.7, -1.0)
    np.testing.assert_allclose(second.after(first)(scores), second(first(scores)), rtol=1e-6)


def test_a_config_may_have_one() -> None:
    assert Calibration.from_config(dict(calibration=dict(slope=2.0, offset=1.0))) == Calibration(2.0, 1.0)
    assert Calibration.from_config({}) is None


def test_the_order_must_stay() -> None:
    with pytest.raises(ValueError, match=r'slope of search\.calibration must be above 0, got -1'):
        Calibration(-1)
