"""What the tests of the search share: a model with random weights, and a scene."""

from typing import NamedTuple

import numpy as np
import pytest
from search_model import CONFIG, write_weights

from mmosis.search import OneShotInferencer
from projects.scenes.synthetic import Instance, SceneConfig, make_scene


class Picture(NamedTuple):
    """A scene as a user has it.

    Attributes:
        image: (H, W, 3) uint8, BGR.
        instances: Its objects, each with ``mask`` (H, W) bool.
    """

    image: np.ndarray
    instances: tuple[Instance, ...]


@pytest.fixture(scope='session')
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Checkpoint of the demo's config with random weights."""
    return write_weights(tmp_path_factory.mktemp('search') / 'weights.pth')


@pytest.fixture(scope='session')
def inferencer(weights: str) -> OneShotInferencer:
    """An inferencer on the CPU; its scores mean nothing, but are the same each time."""
    return OneShotInferencer(str(CONFIG), weights, 'cpu', show_progress=False)


@pytest.fixture(scope='session')
def scene() -> Picture:
    """A synthetic scene of 192x192 pixels."""
    made = make_scene(0, 0, SceneConfig())
    return Picture(np.ascontiguousarray(made.image[..., ::-1]), made.instances)
