"""CoExcitation against the equations of CoAE, position by position."""

import pytest
import torch
from torch import Tensor, nn

from mmosis.models import CoExcitation

CHANNELS = 6


@pytest.fixture
def layer() -> CoExcitation:
    torch.manual_seed(0)
    return CoExcitation(CHANNELS, reduction=2)


@pytest.fixture
def sides() -> tuple[Tensor, Tensor]:
    """An image of 4x5 and a reference of 3x3 positions."""
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(1, CHANNELS, *size, generator=generator) for size in ((4, 5), (3, 3)))


def project(layer: nn.Conv2d, vector: Tensor) -> Tensor:
    return layer.weight[:, :, 0, 0] @ vector + layer.bias


def attend(layer: CoExcitation, image: Tensor, reference: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """F(I) and F(p) of the paper: every position with every other one, vectors (C,) in, vectors out."""
    affinity = [[project(layer.phi, i) @ project(layer.theta, j) for j in reference] for i in image]
    new_image, new_reference = [], []
    for i, vector in enumerate(image):
        heard = sum(affinity[i][j] * project(layer.g, other) for j, other in enumerate(reference)) / len(reference)
        new_image.append(vector + project(layer.to_image, heard))
    for j, vector in enumerate(reference):
        heard = sum(affinity[i][j] * project(layer.g, other) for i, other in enumerate(image)) / len(image)
        new_reference.append(vector + project(layer.to_reference, heard))
    return new_image, new_reference


def excite(layer: CoExcitation, image: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Both results by the equations, for vectors (N, C) and (M, C)."""
    image, reference = attend(layer, image, reference)
    first, _, last = layer.mlp
    hidden = (first.weight @ torch.stack(reference).mean(dim=0) + first.bias).clamp(min=0)
    weights = 1 / (1 + torch.exp(-(last.weight @ hidden + last.bias)))
    return torch.stack([weights * vector for vector in image]), weights


@torch.no_grad()
def test_it_is_the_papers_equations(layer: CoExcitation, sides: tuple[Tensor, Tensor]) -> None:
    image, reference = sides
    excited, weights = layer(image, reference, torch.ones(1, 1, 3, 3))
    expected, expected_weights = excite(layer, image[0].flatten(1).T, reference[0].flatten(1).T)
    torch.testing.assert_close(excited[0].flatten(1).T, expected)
    torch.testing.assert_close(weights[0, :, 0, 0], expected_weights)


@torch.no_grad()
def test_positions_that_do_not_count_are_not_there(layer: CoExcitation, sides: tuple[Tensor, Tensor]) -> None:
    image, reference = sides
    coverage = torch.zeros(1, 1, 3, 3)
    coverage[..., 1:, :2] = 1
    excited, weights = layer(image, reference, coverage)
    vectors = reference[0, :, 1:, :2].flatten(1).T
    expected, expected_weights = excite(layer, image[0].flatten(1).T, vectors)
    torch.testing.assert_close(excited[0].flatten(1).T, expected)
    torch.testing.assert_close(weights[0, :, 0, 0], expected_weights)


@torch.no_grad()
def test_a_position_counts_by_its_coverage(layer: CoExcitation, sides: tuple[Tensor, Tensor]) -> None:
    """Two positions at half weight are one that comes twice."""
    image, reference = sides
    twice = torch.cat([reference[..., :1], reference[..., :1], reference[..., 1:]], dim=-1)
    coverage = torch.ones(1, 1, 3, 4)
    coverage[..., :2] = 0.5
    for got, expected in zip(
        layer(image, twice, coverage), layer(image, reference, torch.ones(1, 1, 3, 3)), strict=True
    ):
        torch.testing.assert_close(got, expected)


def test_without_any_position_the_image_hears_nothing(layer: CoExcitation, sides: tuple[Tensor, Tensor]) -> None:
    image, reference = sides
    excited, weights = layer(image, reference, torch.zeros(1, 1, 3, 3))
    torch.testing.assert_close(excited, (image + layer.to_image.bias[:, None, None]) * weights)


def test_attention_starts_from_nothing(layer: CoExcitation, sides: tuple[Tensor, Tensor]) -> None:
    """And learns all the same: what comes after it has a gradient."""
    layer.init_weights()
    image, reference = sides
    excited, weights = layer(image, reference, torch.ones(1, 1, 3, 3))
    torch.testing.assert_close(excited, image * weights)
    excited.square().sum().backward()
    assert all(part.weight.grad.abs().sum() > 0 for part in (layer.to_image, layer.to_reference))
    assert all(part.weight.abs().sum() > 0 for part in (layer.g, layer.theta, layer.phi, layer.mlp[0], layer.mlp[2]))


def test_few_channels_leave_a_hidden_unit() -> None:
    assert CoExcitation(4).mlp[0].out_features == 1
