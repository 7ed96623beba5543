"""The calibration of scores."""

import pytest
import torch

from mmosis.search.calibration import Calibration


def test_it_is_affine_in_the_logit() -> None:
    scores = torch.tensor([0.2, 0.5, 0.8])
    odds = (scores / (1 - scores)) ** 2 * torch.tensor(3.0)
    torch.testing.assert_close(Calibration(2.0, float(torch.log(torch.tensor(3.0))))(scores), odds / (1 + odds))
    torch.testing.assert_close(Calibration()(scores), scores)


def test_ends_stay_finite_and_in_order() -> None:
    scores = Calibration(1.5, -2.0)(torch.tensor([0.0, 0.3, 0.9, 1.0]))
    assert scores.isfinite().all()
    assert (scores.diff() > 0).all()


def test_two_in_a_row_are_one() -> None:
    scores = torch.tensor([0.1, 0.6, 0.9])
    first, second = Calibration(2.0, 0.5), Calibration(0.7, -1.0)
    torch.testing.assert_close(second.after(first)(scores), second(first(scores)))


def test_a_config_may_have_one() -> None:
    assert Calibration.from_config(dict(calibration=dict(slope=2.0, offset=1.0))) == Calibration(2.0, 1.0)
    assert Calibration.from_config({}) is None


def test_the_order_must_stay() -> None:
    with pytest.raises(ValueError, match=r'slope of search\.calibration must be above 0, got -1'):
        Calibration(-1)
