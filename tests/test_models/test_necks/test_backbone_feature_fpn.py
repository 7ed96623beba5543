"""BackboneFeatureFPN: mmdet's FPN, and the backbone's own maps after it."""

import pytest
import torch
from mmdet.models.necks import FPN
from mmengine.runner import load_state_dict
from torch import nn

from mmosis.models import BackboneFeatureFPN

CHANNELS = [4, 6, 8]


@pytest.fixture
def inputs() -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [3 + 2 * torch.randn(2, channels, 16 >> i, 8 >> i) for i, channels in enumerate(CHANNELS)]


def make_neck(backbone_indices: tuple[int, ...] = (1, 2)) -> BackboneFeatureFPN:
    return BackboneFeatureFPN(CHANNELS, out_channels=5, num_outs=4, backbone_indices=backbone_indices)


def test_the_pyramid_is_mmdets(inputs: list) -> None:
    neck, plain = make_neck(), FPN(CHANNELS, out_channels=5, num_outs=4)
    missing, unexpected = plain.load_state_dict(neck.state_dict(), strict=False)
    assert missing == []
    assert all(name.startswith('backbone_norms') for name in unexpected)
    for level, expected in zip(neck(inputs)[:4], plain(inputs), strict=True):
        torch.testing.assert_close(level, expected)


def test_the_maps_are_output_as_they_are_before_anything_was_seen(inputs: list) -> None:
    feats = make_neck().eval()(inputs)
    assert [tuple(feat.shape[1:]) for feat in feats[4:]] == [(6, 8, 4), (8, 4, 2)]
    for maps, given in zip(feats[4:], inputs[1:], strict=True):
        torch.testing.assert_close(maps, given, atol=0, rtol=1e-4)


def test_in_the_order_of_the_indices_and_standardised(inputs: list) -> None:
    neck = make_neck(backbone_indices=(2, 0)).train()
    deep, shallow = neck(inputs)[4:]
    for maps, given in zip((deep, shallow), (inputs[2], inputs[0]), strict=True):
        assert maps.shape == given.shape
        # The first batch's statistics are all that was seen.
        torch.testing.assert_close(maps.mean(dim=(0, 2, 3)), torch.zeros(given.shape[1]), atol=1e-5, rtol=0)
        mean, std = given.mean(dim=(0, 2, 3), keepdim=True), given.std(dim=(0, 2, 3), keepdim=True)
        torch.testing.assert_close(maps, (given - mean) / std, atol=1e-4, rtol=1e-4)


def test_images_and_references_pass_through_the_same_map(inputs: list) -> None:
    neck = make_neck().train()
    neck(inputs)
    neck.eval()
    small = [feat[:1, :, :4, :4] for feat in inputs]
    for maps, other in zip(neck(inputs)[4:], neck(small)[4:], strict=True):
        torch.testing.assert_close(maps[:1, :, : other.shape[2], : other.shape[3]], other)


def test_a_checkpoint_with_the_norms_former_name_is_loaded(inputs: list) -> None:
    trained = nn.ModuleDict(dict(neck=make_neck().train()))
    trained.neck(inputs)
    old = {name.replace('backbone_norms', 'kind_norms'): value for name, value in trained.state_dict().items()}
    assert {name for name in old if 'norms' in name} == {
        f'neck.kind_norms.{i}.{buffer}'
        for i in range(2)
        for buffer in ('running_mean', 'running_var', 'num_batches_tracked')
    }
    by_torch, by_mmengine = (nn.ModuleDict(dict(neck=make_neck())) for _ in range(2))
    by_torch.load_state_dict(old, strict=True)
    load_state_dict(by_mmengine, old, strict=True)
    for loaded in (by_torch, by_mmengine):
        assert all(value.equal(trained.state_dict()[name]) for name, value in loaded.state_dict().items())
