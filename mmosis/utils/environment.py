"""variable_by_default: an environment variable for what reads it at a certain moment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def variable_by_default(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment for the ``with`` block, unless the user has set it."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
