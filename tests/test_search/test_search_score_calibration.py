"""The calibration of scores."""

import numpy as np
import pytest

from mmosis.search.score_calibration import Calibration, SizeCalibration, size_misfit


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


def test_where_the_size_is_known_a_misfit_counts() -> None:
    calibration = Calibration(1.0, -3.0, SizeCalibration(2.0, 0.0, 1.5), SizeCalibration(1.0, 1.0, 0.5))
    half, misfits = np.array([0.5, 0.5]), np.array([0.0, np.log(2)])
    for given, odds in (
        (dict(), [np.exp(-3)] * 2),
        (dict(boxed=True), [np.exp(-3)] * 2),
        (dict(misfits=misfits), [1, 2**-1.5]),
        (dict(misfits=misfits, boxed=True), [np.e, np.e * 2**-0.5]),
    ):
        scores = calibration(half, **given)
        np.testing.assert_allclose(scores / (1 - scores), odds)


def test_what_was_not_fitted_is_as_elsewhere() -> None:
    plain, sized = Calibration(2.0, 1.0), Calibration(2.0, 1.0, SizeCalibration(1.0, 0.0, 1.0))
    scores, misfits = np.array([0.3, 0.6]), np.array([0.0, 1.0])
    np.testing.assert_array_equal(plain(scores, misfits, True), plain(scores))
    np.testing.assert_array_equal(sized(scores, misfits, True), sized(scores, misfits))
    assert (sized(scores, misfits) != plain(scores)).all()


def test_a_misfit_is_a_factor_of_the_size() -> None:
    """The roots of the areas are 10, 20, 40 and, of a box without an area, a pixel."""
    bboxes = np.array([[0, 0, 10, 10], [5, 5, 45, 15], [0, 0, 40, 40], [3, 3, 3, 9]], np.float32)
    np.testing.assert_allclose(size_misfit(bboxes, [20.0]), np.log([2, 1, 2, 20]), atol=1e-9)
    np.testing.assert_allclose(size_misfit(bboxes, [12.0, 30.0, 15.0]), np.log([1.2, 1, 4 / 3, 12]), atol=1e-9)


def test_a_config_may_have_one() -> None:
    assert Calibration.from_config(dict(calibration=dict(slope=2.0, offset=1.0))) == Calibration(2.0, 1.0)
    assert Calibration.from_config({}) is None
    sizes = dict(by_size=dict(slope=1.0, offset=0.5, weight=2.0), boxed=dict(slope=3.0, offset=4.0, weight=0.0))
    calibration = Calibration.from_config(dict(calibration=dict(slope=2.0, offset=1.0, **sizes)))
    assert calibration == Calibration(2.0, 1.0, SizeCalibration(1.0, 0.5, 2.0), SizeCalibration(3.0, 4.0, 0.0))


@pytest.mark.parametrize('slope', [-1, 0, float('nan')])
def test_the_order_must_stay(slope: float) -> None:
    for make in (Calibration, lambda slope: SizeCalibration(slope, 0.0, 0.0)):
        with pytest.raises(ValueError, match=rf'a slope in search\.calibration must be above 0, got {slope}'):
            make(slope)


def test_other_sizes_are_not_favoured() -> None:
    with pytest.raises(ValueError, match=r'a weight in search\.calibration must be at least 0, got -0\.1'):
        SizeCalibration(1.0, 0.0, -0.1)


def test_a_calibration_of_another_type_is_told() -> None:
    with pytest.raises(TypeError, match=r"search\.calibration must be a dict of numbers, got 'high'"):
        Calibration.from_config(dict(calibration='high'))
