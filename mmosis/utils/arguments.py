"""Types of command line arguments."""

import argparse
from collections.abc import Callable


def at_least(fewest: int) -> Callable[[str], int]:
    """A type for ``add_argument``: a whole number, and not less than this."""

    def parse(text: str) -> int:
        number = int(text) if text.removeprefix('-').isdecimal() else None
        if number is None or number < fewest:
            raise argparse.ArgumentTypeError(f'expected a whole number, at least {fewest}, got {text!r}')
        return number

    return parse
