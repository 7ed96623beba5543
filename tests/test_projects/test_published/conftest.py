"""Fixtures of the tests of the published model."""

import numpy as np
import pytest
from published_model import make_tensors


@pytest.fixture(scope='package')
def all_tensors() -> dict[str, np.ndarray]:
    """All tensors of a published checkpoint, ``layer/weight``, by the rule; it takes a while."""
    return make_tensors()
