"""What the tests of label tools share."""

import pytest
from colour_inferencer import ColourInferencer

from mmosis.search.service import SearchService


@pytest.fixture
def service() -> SearchService:
    """A service that searches by colour."""
    return SearchService(ColourInferencer())
