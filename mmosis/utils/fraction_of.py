"""A fraction of a number, without the rounding error of the product."""

import math


def fraction_of(fraction: float, number: float) -> float:
    """Multiply, and take the integer that the product means where it misses it by a rounding error alone.

    0.28 of 25 is 7, where floats make 7.000000000000001 and a ceiling 8; 0.29 of 100 is 29, not 28.999999999999996.

    Args:
        fraction: E.g. 0.28.
        number: Of what.
    """
    product = fraction * number
    integer = round(product)
    return float(integer) if math.isclose(product, integer, rel_tol=1e-9) else product
