"""Ranges (low, high), as the configs of scenes have them."""

Range = tuple[float, float]


def check_range(name: str, value: Range, *, above_zero: bool = False) -> None:
    """Check a range.

    Args:
        name: What to call it in an error.
        value: The range.
        above_zero: Whether 0 is too low.

    Raises:
        ValueError: If it is no (low, high) with 0 <= low <= high, or has a 0 where that is too low.
    """
    if len(value) != 2 or not 0 <= value[0] <= value[1]:
        raise ValueError(f'{name} must be (low, high) with 0 <= low <= high, got {value}')
    if above_zero and value[0] == 0:
        raise ValueError(f'{name} must be above 0, got {value}')
