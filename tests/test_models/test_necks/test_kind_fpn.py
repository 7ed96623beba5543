"""KindFPN: mmdet's FPN, and the backbone's own maps after it."""

import pytest
import torch
from mmdet.models.necks import FPN

from mmosis.models import KindFPN

CHANNELS = [4, 6, 8]


@pytest.fixture
def inputs() -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [3 + 2 * torch.randn(2, channels, 16 >> i, 8 >> i) for i, channels in enumerate(CHANNELS)]


def make_neck(kind_indices: tuple[int, ...] = (1, 2)) -> KindFPN:
    return KindFPN(CHANNELS, out_channels=5, num_outs=4, kind_indices=kind_indices)


def test_the_pyramid_is_mmdets(inputs: list) -> None:
    neck, plain = make_neck(), FPN(CHANNELS, out_channels=5, num_outs=4)
    missing, unexpected = plain.load_state_dict(neck.state_dict(), strict=False)
    assert missing == []
    assert all(name.startswith('kind_norms') for name in unexpected)
    for level, expected in zip(neck(inputs)[:4], plain(inputs), strict=True):
        torch.testing.assert_close(level, expected)


def test_the_maps_are_handed_on_as_they_are_before_anything_was_seen(inputs: list) -> None:
    feats = make_neck().eval()(inputs)
    assert [tuple(feat.shape[1:]) for feat in feats[4:]] == [(6, 8, 4), (8, 4, 2)]
    for kinds, given in zip(feats[4:], inputs[1:], strict=True):
        torch.testing.assert_close(kinds, given, atol=0, rtol=1e-4)


def test_in_the_order_of_the_indices_and_standardised(inputs: list) -> None:
    neck = make_neck(kind_indices=(2, 0)).train()
    deep, shallow = neck(inputs)[4:]
    for kinds, given in zip((deep, shallow), (inputs[2], inputs[0]), strict=True):
        assert kinds.shape == given.shape
        # The first batch's statistics are all that was seen.
        torch.testing.assert_close(kinds.mean(dim=(0, 2, 3)), torch.zeros(given.shape[1]), atol=1e-5, rtol=0)
        mean, std = given.mean(dim=(0, 2, 3), keepdim=True), given.std(dim=(0, 2, 3), keepdim=True)
        torch.testing.assert_close(kinds, (given - mean) / std, atol=1e-4, rtol=1e-4)


def test_images_and_references_pass_through_the_same_map(inputs: list) -> None:
    neck = make_neck().train()
    neck(inputs)
    neck.eval()
    small = [feat[:1, :, :4, :4] for feat in inputs]
    for kinds, other in zip(neck(inputs)[4:], neck(small)[4:], strict=True):
        torch.testing.assert_close(kinds[:1, :, : other.shape[2], : other.shape[3]], other)
