"""Detectors with random weights, for benchmarks: what they find means nothing, how long they take does."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmosis.search import OneShotInferencer
from mmosis.utils.rng import seeded


def make_random_inferencer(cfg: Config, **options: Any) -> OneShotInferencer:
    """Make an inferencer with random weights, always the same, which go through a file as others do.

    Args:
        cfg: Config of a detector.
        **options: ``OneShotInferencer``'s.
    """
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    with seeded(0, 'weights'), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'weights.pth')
        torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)
        return OneShotInferencer(cfg, str(path), show_progress=False, **options)
