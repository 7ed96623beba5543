"""BackbonePretrainedInit: the weights really arrive, and a leak is never silent."""

import logging
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import nn


def build_resnet(init_cfg: dict | None) -> BaseModule:
    return MODELS.build(
        dict(type='ResNet', depth=18, base_channels=4, norm_cfg=dict(type='BN'), norm_eval=True, init_cfg=init_cfg)
    )


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(5)
    weights = {name: torch.rand_like(value.float()) for name, value in build_resnet(None).state_dict().items()}
    torch.save(dict(state_dict=weights), tmp_path / 'resnet.pth')
    return tmp_path / 'resnet.pth'


def init_cfg(checkpoint: Path, **settings) -> dict:
    return dict(type='BackbonePretrainedInit', checkpoint=str(checkpoint), **settings)


def test_the_weights_are_loaded(checkpoint: Path, host_log: pytest.LogCaptureFixture) -> None:
    backbone = build_resnet(init_cfg(checkpoint))
    backbone.init_weights()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    loaded = {name: value for name, value in backbone.state_dict().items() if 'num_batches' not in name}
    assert loaded
    assert all(torch.equal(value, weights[name]) for name, value in loaded.items())
    assert 'leak' not in host_log.text


def test_another_pretraining_is_logged_as_a_leak(checkpoint: Path, host_log: pytest.LogCaptureFixture) -> None:
    backbone = build_resnet(init_cfg(checkpoint, pretraining='ImageNet-1k'))
    backbone.init_weights()
    (record,) = [record for record in host_log.records if 'leak' in record.getMessage()]
    assert record.levelno == logging.WARNING
    assert 'trained on ImageNet-1k' in record.getMessage()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    assert torch.equal(backbone.conv1.weight, weights['conv1.weight'])


def test_a_missing_leak_free_file_is_told_with_the_ways_out(tmp_path: Path) -> None:
    backbone = build_resnet(init_cfg(tmp_path / 'none.pth'))
    with pytest.raises(FileNotFoundError, match=r'none.pth is missing: ResNet-50.*687 ImageNet.*imagenet1k\.py'):
        backbone.init_weights()


class Stage(BaseModule):
    """Initialises itself, as the stages of many backbones do."""

    def __init__(self) -> None:
        super().__init__(init_cfg=dict(type='Constant', layer='Linear', val=0.0))
        self.layer = nn.Linear(2, 2)


class Backbone(BaseModule):
    def __init__(self, init_cfg: dict) -> None:
        super().__init__(init_cfg=init_cfg)
        self.stage = Stage()


def test_children_that_initialise_themselves_do_not_undo_it(tmp_path: Path) -> None:
    torch.save({'stage.layer.weight': torch.ones(2, 2), 'stage.layer.bias': torch.ones(2)}, tmp_path / 'ones.pth')
    backbone = Backbone(init_cfg(tmp_path / 'ones.pth'))
    backbone.init_weights()
    assert torch.equal(backbone.stage.layer.weight, torch.ones(2, 2))
