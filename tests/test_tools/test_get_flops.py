"""Multiply-adds by part, against spec and hand counts."""

from pathlib import Path

import pytest
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from tools.analysis_tools.get_flops import count_parts

ROOT = Path(__file__).parents[2]


def count(config: str) -> dict[str, int]:
    """Count at one quarter of the paper's sides."""
    cfg = Config.fromfile(ROOT / config)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    return count_parts(MODELS.build(cfg.model).eval(), (256, 256), (64, 64), num_rois=10, num_masks=4)


def test_paper_scale_counts() -> None:
    """Convolutions cost a sixteenth of the figures known for 1024 and 192 px."""
    counts = count('configs/siamese_mask_rcnn_s1.py')
    assert counts['backbone, image'] / 1e9 == pytest.approx(80.6 / 16, rel=0.01)
    assert counts['RPN head'] / 1e9 == pytest.approx(155.3 / 16, rel=0.01)
    assert counts['match neck'] == sum(512 * 384 * side**2 for side in (64, 32, 16, 8, 4))
    assert counts['box head'] == 10 * (384 * 49 * 1024 + 1024 * 1024 + 1024 * (2 + 4))


def test_other_detectors_count_the_heads_that_they_have() -> None:
    names = {'neck, image', 'backbone, image', 'neck, reference', 'backbone, reference', 'match neck'}
    assert set(count('configs/reuse/siamese_gfl_s1.py')) == {*names, 'dense head'}
    assert set(count('configs/reuse/siamese_faster_rcnn_s1.py')) == {*names, 'RPN head', 'box head'}
    cascade = count('configs/reuse/siamese_cascade_mask_rcnn_s1.py')
    assert set(cascade) == {*names, 'RPN head', *(f'{head} head {i}' for head in ('box', 'mask') for i in (1, 2, 3))}
    assert cascade['box head 1'] == cascade['box head 3'] == 10 * (384 * 49 * 1024 + 1024 * 1024 + 1024 * (2 + 4))


def test_a_second_comparison_is_counted_for_every_region() -> None:
    counts = count('configs/matchers/mutual_demo.py')
    cells, channels, embedded = 49, 64, 128
    embed = (10 + 1) * cells * channels * embedded  # the reference once
    cosines = 10 * cells * cells * embedded
    relate = 2 * 10 * cells * embedded * channels
    # Cosines, and the like of each cell, in both directions.
    assert counts['relation'] == embed + 3 * cosines + relate
