"""A model for tests of the search: the demo's, tiny and with random weights."""

from pathlib import Path

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmosis.utils.rng import seeded

CONFIG = Path(__file__).parents[1] / 'configs' / 'demo' / 'siamese_mask_rcnn_demo_s1.py'


def write_weights(path: Path, seed: int = 0) -> str:
    """Write a checkpoint of ``CONFIG`` with random weights, the same for a seed; return its path as text."""
    init_default_scope('mmdet')
    with seeded(seed, 'weights'):
        model = MODELS.build(Config.fromfile(CONFIG).model)
        model.init_weights()
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)
