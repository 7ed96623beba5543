from fractions import Fraction
from math import ceil, floor

import pytest

from mmosis.utils.fraction_of import fraction_of


@pytest.mark.parametrize(
    ('fraction', 'number', 'product'),
    [(0.28, 25, 7), (0.29, 100, 29), (1 - 0.9, 100, 10), (0.5, 3, 1.5), (1e-12, 3, 3e-12), (0.0, 9, 0)],
)
def test_known_products(fraction: float, number: int, product: float) -> None:
    assert fraction_of(fraction, number) == product


def test_every_hundredth_of_every_number_is_rounded_as_the_exact_product() -> None:
    wrong = 0
    for number in range(1, 1500):
        for hundredths in range(1, 101):
            exact = Fraction(hundredths * number, 100)
            got = fraction_of(hundredths / 100, number)
            assert (ceil(got), floor(got)) == (ceil(exact), floor(exact)), (hundredths, number)
            wrong += (ceil(hundredths / 100 * number), floor(hundredths / 100 * number)) != (ceil(exact), floor(exact))
    assert wrong > 100  # the plain product is not


def test_large_numbers_are_not_taken_for_their_neighbours() -> None:
    assert ceil(fraction_of(1 / 3, 1_000_000)) == 333_334
    assert floor(fraction_of(0.999999, 1_000_000)) == 999_999
