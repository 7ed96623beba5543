"""FixedStatsBatchNorm2d: an affine layer that no batch can change."""

import copy

import torch
from mmcv.cnn import build_norm_layer

from mmosis.models import FixedStatsBatchNorm2d


def make_layer() -> FixedStatsBatchNorm2d:
    torch.manual_seed(0)
    layer = FixedStatsBatchNorm2d(4)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    return layer


def test_training_equals_testing_and_leaves_the_statistics() -> None:
    layer, x = make_layer(), 5 + 3 * torch.randn(6, 4, 3, 3)
    before = copy.deepcopy(layer.state_dict())
    trained = layer.train()(x)
    assert torch.equal(trained, layer.eval()(x))
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_it_starts_as_an_affine_layer_a_channel() -> None:
    layer, x = make_layer(), torch.randn(2, 4, 3, 3)
    expected = x / (1 + layer.eps) ** 0.5 * layer.weight[:, None, None] + layer.bias[:, None, None]
    torch.testing.assert_close(layer(x), expected)


def test_it_uses_loaded_statistics() -> None:
    layer = make_layer()
    layer.running_mean.fill_(2.0)
    layer.running_var.fill_(4.0)
    expected = (torch.full((1, 4, 1, 1), 6.0) - 2) / (4 + layer.eps) ** 0.5
    expected = expected * layer.weight[:, None, None] + layer.bias[:, None, None]
    torch.testing.assert_close(layer(torch.full((1, 4, 1, 1), 6.0)), expected)


def test_one_value_a_channel_or_none_at_all_can_pass() -> None:
    """``nn.BatchNorm2d`` refuses both in training."""
    layer = make_layer().train()
    assert layer(torch.ones(1, 4, 1, 1)).isfinite().all()
    empty = layer(torch.ones(0, 4, 3, 3))
    assert empty.shape == (0, 4, 3, 3)
    empty.sum().backward()
    assert layer.weight.grad.eq(0).all()


def test_configs_name_it() -> None:
    name, layer = build_norm_layer(dict(type='FixedStatsBN', eps=1e-3), 8)
    assert type(layer) is FixedStatsBatchNorm2d
    assert layer.eps == 1e-3
    assert name.startswith('bn')
    assert layer.weight.requires_grad
