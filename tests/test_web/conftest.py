"""What the tests of the server share: a model that finds the same three things everywhere, and a client."""

from collections.abc import Iterator

import cv2
import httpx
import numpy as np
import pytest
from fake_inferencer import FakeInferencer
from web_server import served


@pytest.fixture
def fake_inferencer() -> FakeInferencer:
    """An inferencer without a model; ``encoded`` and ``searches`` list what it was asked for."""
    return FakeInferencer()


@pytest.fixture(scope='module')
def shared_inferencer() -> FakeInferencer:
    """The same, one for all tests of a module."""
    return FakeInferencer()


@pytest.fixture(scope='module')
def client(shared_inferencer: FakeInferencer) -> Iterator[httpx.Client]:
    """A client of a server with this model, which takes files of 1 MB and images of a million pixels."""
    pytest.importorskip('starlette', reason='the server needs starlette: extra web')
    from mmosis.search import SearchOptions
    from mmosis.search.service import SearchService
    from mmosis.web import make_app

    shared_inferencer.options = SearchOptions(max_pixels=10**6)
    app = make_app(SearchService(shared_inferencer), max_upload_mb=1)
    with served(app) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture(scope='session')
def png() -> bytes:
    """An image of 120 x 100 pixels (w x h)."""
    return encode_image(np.random.default_rng(0).integers(0, 256, (100, 120, 3), dtype=np.uint8))


def encode_image(image: np.ndarray, suffix: str = '.png') -> bytes:
    """Content of an image file."""
    return cv2.imencode(suffix, image)[1].tobytes()
