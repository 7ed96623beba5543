"""AbsDiffMatchNeck does what the paper says, and nothing else."""

import numpy as np
import pytest
import torch
from torch import Tensor

from mmosis.models import AbsDiffMatchNeck
from mmosis.structures import EncodedReferences

CHANNELS, OUT, SIZES = 3, 5, ((8, 6), (4, 3))


def make_neck() -> AbsDiffMatchNeck:
    torch.manual_seed(0)
    neck = AbsDiffMatchNeck(in_channels=CHANNELS, out_channels=OUT, num_levels=len(SIZES))
    neck.init_weights()
    for conv in neck.convs:
        torch.nn.init.normal_(conv.bias)  # The initialisation's zeros would hide a missing bias.
    return neck


def make_feats(batch: int, seed: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(batch, CHANNELS, *size, generator=generator) for size in SIZES]


def make_ref_feats(episodes: int, shots: int = 1, seed: int = 2) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(episodes, shots, CHANNELS, 4 - level, 5, generator=generator) for level in range(len(SIZES))]


def match_by_hand(feats: list[Tensor], ref_feats: list[Tensor], neck: AbsDiffMatchNeck) -> list[np.ndarray]:
    """Spec, in numpy: GAP(reference), absolute difference at each position, concat with the image, 1x1 conv a level."""
    matched = []
    for feat, ref_feat, conv in zip(feats, ref_feats, neck.convs, strict=True):
        image, weight = feat.numpy(), conv.weight.detach().numpy()[:, :, 0, 0]
        reference = ref_feat.numpy().mean(axis=(3, 4)).mean(axis=1)
        stacked = np.concatenate([image, np.abs(image - reference[:, :, None, None])], axis=1)
        matched.append(np.einsum('oc,echw->eohw', weight, stacked) + conv.bias.detach().numpy()[None, :, None, None])
    return matched


@pytest.mark.parametrize('shots', [1, 3])
def test_equals_a_plain_recomputation(shots: int) -> None:
    neck, feats, ref_feats = make_neck(), make_feats(2), make_ref_feats(2, shots)
    matched = neck(feats, neck.encode_references(ref_feats))
    assert [tuple(level.shape) for level in matched] == [(2, OUT, *size) for size in SIZES]
    for level, expected in zip(matched, match_by_hand(feats, ref_feats, neck), strict=True):
        np.testing.assert_allclose(level.detach().numpy(), expected, atol=1e-5)


def test_every_level_has_its_own_convolution() -> None:
    neck, feat = make_neck(), torch.ones(1, CHANNELS, 2, 2)
    fine, coarse = neck([feat, feat], EncodedReferences(vectors=(torch.zeros(1, CHANNELS),) * 2))
    assert not torch.allclose(fine, coarse)


def test_image_equal_to_the_references_mean_has_zero_difference() -> None:
    neck, ref_feats = make_neck(), make_ref_feats(1)
    means = [feat.mean(dim=(1, 3, 4)) for feat in ref_feats]
    feats = [mean[..., None, None].expand(-1, -1, *size) for mean, size in zip(means, SIZES, strict=True)]
    with torch.no_grad():
        for conv in neck.convs:
            conv.weight[:, :CHANNELS] = 0  # Only the difference is left.
            conv.bias.zero_()
    assert all(level.abs().max() < 1e-6 for level in neck(feats, neck.encode_references(ref_feats)))
    other = neck([feat + 1 for feat in feats], neck.encode_references(ref_feats))
    assert all(level.abs().max() > 1e-2 for level in other)


def test_one_image_against_many_references_equals_separate_matches() -> None:
    neck, feats = make_neck(), make_feats(1)
    references = neck.encode_references(make_ref_feats(4))
    together = neck(feats, references)
    for i in range(4):
        alone = neck(feats, references[i : i + 1])
        for level, expected in zip(together, alone, strict=True):
            torch.testing.assert_close(level[i : i + 1], expected)


def test_shots_are_averaged() -> None:
    neck, ref_feats = make_neck(), make_ref_feats(2, shots=3)
    singles = [neck.encode_references([feat[:, k : k + 1] for feat in ref_feats]) for k in range(3)]
    for level, tensor in enumerate(neck.encode_references(ref_feats).tensors):
        torch.testing.assert_close(tensor, sum(single.tensors[level] for single in singles) / 3)
        assert tensor.shape == (2, CHANNELS)


def test_padding_of_a_reference_counts_in_its_mean() -> None:
    """As in the paper: the mean is over the padded square, so half padding halves the mean of zero-padded features."""
    neck, crop = make_neck(), make_ref_feats(1)
    padded = [torch.cat([feat, torch.zeros_like(feat)], dim=-1) for feat in crop]
    for half, unpadded in zip(
        neck.encode_references(padded).tensors, neck.encode_references(crop).tensors, strict=True
    ):
        torch.testing.assert_close(half, unpadded / 2)


@pytest.mark.parametrize(
    ('feats', 'tensors'),
    [
        ([torch.zeros(1, 3, 2, 2)], (torch.zeros(1, 3),) * 2),
        ([torch.zeros(1, 3, 2, 2)] * 2, (torch.zeros(1, 3),)),
        ([torch.zeros(1, 4, 2, 2)] * 2, (torch.zeros(1, 4),) * 2),
        ([torch.zeros(1, 3, 2, 2)] * 2, (torch.zeros(1, 3), torch.zeros(1, 1))),
    ],
    ids=['levels of the image', 'levels of the reference', 'channels', 'channels of one reference level'],
)
def test_wrong_levels_or_channels_are_refused(feats: list[Tensor], tensors: tuple[Tensor, ...]) -> None:
    with pytest.raises(ValueError, match=r'has 2 levels of 3 channels, got .*set num_levels and in_channels'):
        make_neck()(feats, EncodedReferences(vectors=tensors))


def test_gradients_reach_image_reference_and_both_halves() -> None:
    neck = make_neck()
    feats = [feat.requires_grad_() for feat in make_feats(2)]
    ref_feats = [feat.requires_grad_() for feat in make_ref_feats(2, shots=2)]
    sum(level.square().sum() for level in neck(feats, neck.encode_references(ref_feats))).backward()
    for feat in [*feats, *ref_feats]:
        assert (feat.grad != 0).all()
    for conv in neck.convs:
        assert (conv.weight.grad != 0).all()


class TestMasks:
    def test_a_mean_by_hand(self) -> None:
        """Cells of 2x2 pixels: the mask covers all of the first, half of the second, nothing of the others."""
        feat = torch.tensor([[1.0, 3.0], [100.0, 1000.0]]).expand(1, 1, CHANNELS, 2, 2)
        mask = torch.tensor([[1.0, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]).expand(1, 1, 1, 4, 4)
        coarse = feat[..., :1, :1] * 7
        encoded = make_neck().encode_references([feat, coarse], mask)
        assert [tuple(tensor.shape) for tensor in encoded.tensors] == [(1, CHANNELS)] * 2
        torch.testing.assert_close(encoded.tensors[0], torch.full((1, CHANNELS), (1 + 0.5 * 3) / 1.5))
        torch.testing.assert_close(encoded.tensors[1], torch.full((1, CHANNELS), 7.0))

    def test_of_features_that_are_the_pixels_it_is_their_mean_on_the_object(self) -> None:
        generator = torch.Generator().manual_seed(5)
        pixels = torch.rand(1, 1, CHANNELS, 12, 20, generator=generator)
        mask = torch.rand(12, 20, generator=generator) < 0.2
        expected = torch.stack([channel[mask].mean() for channel in pixels[0, 0]])
        for background in (0.0, 1000.0):
            shown = torch.where(mask, pixels, background)
            encoded = make_neck().encode_references([shown, shown], mask.float()[None, None, None])
            torch.testing.assert_close(encoded.tensors[0][0], expected)

    @pytest.mark.parametrize('value', [1.0, 0.25])
    def test_the_same_everywhere_is_the_plain_mean(self, value: float) -> None:
        ref_feats = make_ref_feats(2, shots=3)
        masks = torch.full((2, 3, 1, 16, 20), value)
        neck = make_neck()
        masked, plain = neck.encode_references(ref_feats, masks), neck.encode_references(ref_feats)
        for tensor, expected in zip(masked.tensors, plain.tensors, strict=True):
            torch.testing.assert_close(tensor, expected, atol=1e-6, rtol=0)

    def test_features_outside_of_the_mask_do_not_count(self) -> None:
        neck, ref_feats = make_neck(), make_ref_feats(1)
        mask = torch.zeros(1, 1, 1, 12, 20)
        mask[..., :6, :8] = 1  # exactly the cells [:2, :2] of 4x5 and [:2, :2] of 3x5 (with its second row half)
        before = neck.encode_references(ref_feats, mask)
        for feat in ref_feats:
            feat[..., 2:, :] += 100
            feat[..., 2:] -= 50
        after = neck.encode_references(ref_feats, mask)
        for tensor, expected in zip(after.tensors, before.tensors, strict=True):
            torch.testing.assert_close(tensor, expected)

    def test_every_reference_has_its_own_mask_and_counts_alike(self) -> None:
        """Two episodes of three references: a small mask weighs no less than a large one."""
        neck, ref_feats = make_neck(), make_ref_feats(2, shots=3)
        masks = (torch.rand(2, 3, 1, 12, 20, generator=torch.Generator().manual_seed(3)) < 0.3).float()
        masks[0, 0, :, 1:] = 0
        masks[0, 0, :, 0] = 1
        together = neck.encode_references(ref_feats, masks)
        for e in range(2):
            alone = [
                neck.encode_references([f[e : e + 1, k : k + 1] for f in ref_feats], masks[e : e + 1, k : k + 1])
                for k in range(3)
            ]
            for level, tensor in enumerate(together.tensors):
                torch.testing.assert_close(tensor[e : e + 1], sum(one.tensors[level] for one in alone) / 3)

    def test_gradients_reach_the_object_alone(self) -> None:
        neck = make_neck()
        ref_feats = [feat.requires_grad_() for feat in make_ref_feats(1)]
        mask = torch.zeros(1, 1, 1, 12, 20)
        mask[..., :12, :4] = 1
        encoded = neck.encode_references(ref_feats, mask)
        sum(level.square().sum() for level in neck(make_feats(1), encoded)).backward()
        for feat in ref_feats:
            assert (feat.grad[..., 0] != 0).all()
            assert (feat.grad[..., 1:] == 0).all()
