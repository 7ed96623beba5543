"""Multiply-adds by part, against spec and hand counts."""

from pathlib import Path

import pytest
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmosis.utils.flops import count_parts

ROOT = Path(__file__).parents[2]


def test_paper_scale_counts() -> None:
    """One quarter of the paper's sides: convolutions cost a sixteenth of the figures known for 1024 and 192 px."""
    cfg = Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_s1.py')
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    counts = count_parts(MODELS.build(cfg.model).eval(), (256, 256), (64, 64), num_rois=10, num_masks=4)
    assert counts['backbone, image'] / 1e9 == pytest.approx(80.6 / 16, rel=0.01)
    assert counts['RPN head'] / 1e9 == pytest.approx(155.3 / 16, rel=0.01)
    assert counts['match neck'] == sum(512 * 384 * side**2 for side in (64, 32, 16, 8, 4))
    assert counts['box head'] == 10 * (384 * 49 * 1024 + 1024 * 1024 + 1024 * (2 + 4))
