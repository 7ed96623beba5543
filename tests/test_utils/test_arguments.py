"""Types of command line arguments."""

import argparse

import pytest

from mmosis.utils.arguments import at_least


@pytest.mark.parametrize(('fewest', 'text', 'number'), [(1, '1', 1), (0, '0', 0), (-5, '-3', -3), (1, '12', 12)])
def test_integers(fewest: int, text: str, number: int) -> None:
    assert at_least(fewest)(text) == number


@pytest.mark.parametrize('text', ['0', '-1', 'x', '1.5', '', '--1'])
def test_others_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"expected a whole number, at least 1, got '{text}'"):
        at_least(1)(text)
