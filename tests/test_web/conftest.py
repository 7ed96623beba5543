"""What the tests of the server share: a model that finds the same three things everywhere."""

import pytest
from fake_inferencer import FakeInferencer


@pytest.fixture
def fake_inferencer() -> FakeInferencer:
    """An inferencer without a model; ``encoded`` and ``searches`` list what it was asked for."""
    return FakeInferencer()


@pytest.fixture(scope='module')
def shared_inferencer() -> FakeInferencer:
    """The same, one for all tests of a module."""
    return FakeInferencer()
