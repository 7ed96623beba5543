"""EfficientNetLite: the network that its weights were trained in, and one that a training leaves as it is."""

import copy

import pytest
import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.models import EfficientNetLite

CHANNELS = {'lite0': {2: 24, 3: 40, 4: 112, 5: 320}, 'lite2': {2: 24, 3: 48, 4: 120, 5: 352}}
LAST_OF_STAGES = {'lite0': (2, 4, 10, 15), 'lite2': (3, 6, 14, 20)}
# What each was made for: padding in the original is that of this size.
SIZES = {'lite0': 224, 'lite2': 260}
STRIDES = {2: 4, 3: 8, 4: 16, 5: 32}


def make_backbone(**settings) -> EfficientNetLite:
    torch.manual_seed(0)
    return MODELS.build(dict(type='EfficientNetLite', out_indices=tuple(STRIDES), **settings))


@pytest.mark.parametrize('arch', CHANNELS)
@torch.no_grad()
def test_strides_and_channels_are_those_of_the_page(arch: str) -> None:
    feats = make_backbone(arch=arch)(torch.randn(2, 3, 64, 96))
    assert [tuple(feat.shape) for feat in feats] == [
        (2, CHANNELS[arch][i], 64 // STRIDES[i], 96 // STRIDES[i]) for i in STRIDES
    ]


@pytest.fixture(params=CHANNELS)
def arch(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def original(arch: str) -> nn.Module:
    """The package's network, with statistics that keep its features of order 1."""
    package = pytest.importorskip('efficientnet_lite_pytorch')
    torch.manual_seed(1)
    network = package.EfficientNet.from_name(f'efficientnet-{arch}')
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias)
    with torch.no_grad():
        network(torch.randn(2, 3, 224, 224))
    return network.eval()


@torch.no_grad()
def test_it_equals_the_network_of_the_weights(original: nn.Module, arch: str) -> None:
    backbone, image = make_backbone(arch=arch), torch.randn(1, 3, SIZES[arch], SIZES[arch])
    backbone.eval()  # mmdet's returns nothing
    values = original.state_dict().values()
    backbone.load_state_dict(dict(zip(backbone.state_dict(), values, strict=False)))
    expected: list[Tensor] = []
    for last_of_stage in LAST_OF_STAGES[arch]:
        original._blocks[last_of_stage].register_forward_hook(lambda _, __, feat: expected.append(feat))
    original(image)
    for feat, other in zip(backbone(image), expected, strict=True):
        assert other.std() > 0.1
        torch.testing.assert_close(feat, other, atol=1e-4, rtol=1e-4)


def test_frozen_it_does_not_change_in_a_training_step() -> None:
    backbone = make_backbone(frozen_stages=6, norm_eval=True)
    backbone.train()
    before = copy.deepcopy(backbone.state_dict())
    image = torch.randn(2, 3, 64, 64, requires_grad=True)
    sum(feat.sum() for feat in backbone(image)).backward()
    assert image.grad.abs().sum() > 0
    assert {parameter.requires_grad for parameter in backbone.parameters()} == {False}
    assert all(value.equal(before[name]) for name, value in backbone.state_dict().items())
    assert all(not layer.training for layer in backbone.modules() if isinstance(layer, nn.BatchNorm2d))
