"""What the tests of models share: a tiny built detector with batches for it."""

from collections.abc import Callable

import pytest
import torch
from mmdet.registry import MODELS

from mmosis.models import SiameseTwoStageDetector


@pytest.fixture
def make_model(tiny_model_cfg: Callable) -> Callable[..., SiameseTwoStageDetector]:
    """Build the tiny detector, in evaluation mode and with random weights, the same at each call."""

    def make(**changes) -> SiameseTwoStageDetector:
        torch.manual_seed(0)
        return MODELS.build(tiny_model_cfg(**changes)).eval()

    return make


@pytest.fixture
def train_data(tiny_dataset: Callable, make_batch: Callable) -> dict:
    """Two training samples, as the loader hands them out."""
    return make_batch(tiny_dataset(num_references=2), 0, 1)


@pytest.fixture
def test_data(tiny_dataset: Callable, make_batch: Callable) -> Callable[..., dict]:
    """Test items by image id, as the loader hands them out: ``test_data(31, runs=2)``."""

    def make(*img_ids: int, **settings) -> dict:
        dataset = tiny_dataset(test_mode=True, **{'phase': 'all', **settings})
        positions = {dataset.get_data_info(i)['img_id']: i for i in range(len(dataset))}
        return make_batch(dataset, *(positions[img_id] for img_id in img_ids))

    return make
