"""PairConv2d: a convolution of two maps side by side, whose first half serves all references."""

import pytest
import torch
from torch import Tensor

from mmosis.models import PairConv2d

IN, OUT, SIZE = 3, 5, (4, 6)


@pytest.fixture
def conv() -> PairConv2d:
    torch.manual_seed(0)
    return PairConv2d(IN, OUT)


@pytest.mark.parametrize(
    ('feat', 'compared'),
    [
        (torch.randn(2, IN, *SIZE), torch.randn(2, IN, *SIZE)),
        (torch.randn(1, IN, *SIZE), torch.randn(2, IN, *SIZE)),
        (torch.randn(1, IN, *SIZE), torch.randn(2, IN, 1, 1)),
    ],
    ids=['one image each', 'one image', 'one vector for all positions'],
)
def test_it_is_the_convolution_of_both_laid_side_by_side(conv: PairConv2d, feat: Tensor, compared: Tensor) -> None:
    stacked = torch.cat([feat.expand(2, -1, *SIZE), compared.expand(2, -1, *SIZE)], dim=1)
    expected = torch.einsum('oc,echw->eohw', conv.weight[:, :, 0, 0], stacked) + conv.bias[:, None, None]
    torch.testing.assert_close(conv(feat, compared), expected)


def test_the_halves_of_the_weight_are_those_of_the_two_maps(conv: PairConv2d) -> None:
    of_image, of_compared = conv.split_weight()
    assert torch.cat([of_image, of_compared], dim=1).equal(conv.weight)
    assert of_image.shape == of_compared.shape == (OUT, IN, 1, 1)
