"""ConcatMatchNeck lays the reference beside the image, and nothing else."""

import torch

from mmosis.models import ConcatMatchNeck
from mmosis.structures import EncodedReferences

CHANNELS, SIZE = 3, (4, 5)


def test_output_is_the_convolution_of_image_and_reference() -> None:
    torch.manual_seed(0)
    neck = ConcatMatchNeck(in_channels=CHANNELS, out_channels=2, num_levels=1)
    image, reference = torch.randn(1, CHANNELS, *SIZE), torch.randn(3, CHANNELS)
    (matched,) = neck([image], EncodedReferences(vectors=[reference]))
    weight, bias = neck.convs[0].weight[:, :, 0, 0], neck.convs[0].bias
    expected = (
        torch.einsum('oc,chw->ohw', weight[:, :CHANNELS], image[0])
        + (reference @ weight[:, CHANNELS:].T + bias)[:, :, None, None]
    )
    torch.testing.assert_close(matched, expected)


def test_gradient_reaches_the_reference() -> None:
    neck = ConcatMatchNeck(in_channels=CHANNELS, out_channels=2, num_levels=1)
    reference = torch.randn(1, CHANNELS, requires_grad=True)
    neck([torch.randn(1, CHANNELS, *SIZE)], EncodedReferences(vectors=[reference]))[0].sum().backward()
    assert reference.grad.abs().min() > 0
