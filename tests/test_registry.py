"""``_base_ = 'mmosis::...'``: configs of other packages inherit ours, installed or in a checkout."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmdet.models import FPN, RPNHead
from mmdet.registry import DATASETS, MODELS
from mmengine.config import Config
from mmengine.hub import get_config

from mmosis.datasets import OneShotCocoDataset
from mmosis.models import AbsDiffMatchNeck, SiameseTwoStageDetector

DEMO = 'demo/siamese_mask_rcnn_demo_s1.py'
ROOT = Path(__file__).parents[1]


@pytest.fixture
def inherit(tmp_path: Path) -> Callable[..., Config]:
    """Load a config that stands outside of the checkout: ``inherit(base, text)``."""

    def load(base: str, text: str = '') -> Config:
        (tmp_path / 'child.py').write_text(f'_base_ = {base!r}\n{text}')
        return Config.fromfile(tmp_path / 'child.py')

    return load


def test_inherited_model_is_built_of_our_parts_and_mmdets(inherit: Callable) -> None:
    model = MODELS.build(inherit(f'mmosis::{DEMO}').model)
    assert isinstance(model, SiameseTwoStageDetector)
    assert isinstance(model.match_neck, AbsDiffMatchNeck)
    assert isinstance(model.rpn_head, RPNHead)


def test_child_replaces_a_part_by_one_of_mmdets(inherit: Callable) -> None:
    neck = "dict(_delete_=True, type='PAFPN', in_channels=[32, 64, 128, 256], out_channels=64, num_outs=5)"
    model = MODELS.build(inherit(f'mmosis::{DEMO}', f'model = dict(neck={neck})').model)
    assert type(model.neck).__name__ == 'PAFPN'
    assert isinstance(model.neck, FPN)


def test_inherited_dataset_is_built(inherit: Callable, tiny_coco: Callable) -> None:
    dataset = dict(data_root=str(tiny_coco()), ann_file='annotations.json', data_prefix=dict(img='images/'))
    cfg = inherit(f'mmosis::{DEMO}', f'train_dataloader = dict(dataset={dataset})')
    built = DATASETS.build(cfg.train_dataloader.dataset)
    assert isinstance(built, OneShotCocoDataset)
    assert built[0]['ref_inputs'].shape[-2:] == (96, 96)


@pytest.mark.parametrize('name', [DEMO, '_base_/siamese_mask_rcnn_coco.py', '_base_/../siamese_mask_rcnn_s3.py'])
def test_hub_finds_our_configs(name: str) -> None:
    cfg, expected = get_config(f'mmosis::{name}'), Config.fromfile(ROOT / 'configs' / name)
    assert cfg.to_dict() == expected.to_dict()
