"""Fixtures of the tests of models: a tiny built detector with batches for it, and tiny ones of other types."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config, ConfigDict

from mmosis.models import SiameseTwoStageDetector

REUSE = Path(__file__).parents[2] / 'configs' / 'reuse'


@pytest.fixture
def make_model(tiny_model_cfg: Callable) -> Callable[..., SiameseTwoStageDetector]:
    """Build the tiny detector, in evaluation mode and with random weights, the same at each call."""

    def make(**changes) -> SiameseTwoStageDetector:
        torch.manual_seed(0)
        return MODELS.build(tiny_model_cfg(**changes)).eval()

    return make


@pytest.fixture
def tiny_cascade_cfg(tiny_model_cfg: Callable) -> ConfigDict:
    """The cascade with the tiny model's parts."""
    tiny, cascade = tiny_model_cfg(), Config.fromfile(REUSE / 'siamese_cascade_mask_rcnn_s1.py').model
    roi_head = {**cascade.roi_head, **tiny.roi_head, 'type': cascade.roi_head.type}
    roi_head['bbox_head'] = [
        dict(tiny.roi_head.bbox_head, bbox_coder=stage.bbox_coder) for stage in cascade.roi_head.bbox_head
    ]
    rcnn = [dict(tiny.train_cfg.rcnn, assigner=stage.assigner) for stage in cascade.train_cfg.rcnn]
    return ConfigDict(tiny, roi_head=roi_head, train_cfg=dict(tiny.train_cfg, rcnn=rcnn))


@pytest.fixture
def tiny_gfl_cfg(tiny_model_cfg: Callable) -> ConfigDict:
    """GFL with the tiny model's parts."""
    tiny, gfl = tiny_model_cfg(), Config.fromfile(REUSE / 'siamese_gfl_s1.py').model
    gfl.update({key: tiny[key] for key in ('data_preprocessor', 'backbone', 'match_neck')})
    gfl.neck.update({key: tiny.neck[key] for key in ('in_channels', 'out_channels', 'norm_cfg')})
    gfl.bbox_head.update(in_channels=8, feat_channels=8, stacked_convs=1, norm_cfg=tiny.neck.norm_cfg)
    gfl.test_cfg.update(nms_pre=50, max_per_img=10)
    return gfl


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
