"""LateMatchNeck: the image alone is handed on, with the reference beside it."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mmosis.models import LateMatchNeck, MetricRelation
from mmosis.structures import EncodedReferences, MatchedFeatures

CHANNELS, OUT = 3, 5
SIZES = ((8, 6), (4, 3))


@pytest.fixture
def neck() -> LateMatchNeck:
    torch.manual_seed(0)
    neck = LateMatchNeck(in_channels=CHANNELS, out_channels=OUT, num_levels=2, roi_feat_size=2, ref_level=1)
    neck.init_weights()
    return neck


def make_feats(images: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(images, CHANNELS, *size, generator=generator) for size in SIZES]


def make_ref_feats(episodes: int = 1, shots: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(episodes, shots, CHANNELS, size, size, generator=generator) for size in (8, 4)]


def make_masks(episodes: int = 1, shots: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return (torch.rand(episodes, shots, 1, 16, 16, generator=generator) < 0.3).float()


def test_a_level_is_a_product_with_each_position(neck: LateMatchNeck) -> None:
    feats = make_feats(2)
    references = neck.encode_references(make_ref_feats(2))
    matched = neck(feats, references)
    assert isinstance(matched, MatchedFeatures)
    for level, feat, conv in zip(matched, feats, neck.convs, strict=True):
        expected = torch.einsum('oc,bchw->bohw', conv.weight[..., 0, 0], feat) + conv.bias[:, None, None]
        torch.testing.assert_close(level, expected)
    assert all(got is feat for got, feat in zip(matched.image_feats, feats, strict=True))
    assert matched.references is references


def test_references_to_one_image_have_it_without_a_copy(neck: LateMatchNeck) -> None:
    feats, references = make_feats(), neck.encode_references(make_ref_feats(4))
    together = neck(feats, references)
    assert [tuple(level.shape) for level in together] == [(4, OUT, 8, 6), (4, OUT, 4, 3)]
    assert [level.stride(0) for level in together] == [0, 0]
    for i in range(4):
        for level, alone in zip(together, neck(feats, references[i : i + 1]), strict=True):
            torch.testing.assert_close(level[i : i + 1], alone)


def test_no_reference_changes_the_levels(neck: LateMatchNeck) -> None:
    feats, references = make_feats(2), neck.encode_references(make_ref_feats(2))
    swapped = references.map(lambda tensor: tensor.flip(0))
    assert all(a.equal(b) for a, b in zip(neck(feats, references), neck(feats, swapped), strict=True))


def test_vectors_and_a_region_are_kept(neck: LateMatchNeck) -> None:
    ref_feats = make_ref_feats(2, shots=3)
    *vectors, region = neck.encode_references(ref_feats).tensors
    for vector, feat in zip(vectors, ref_feats, strict=True):
        torch.testing.assert_close(vector, feat.mean(dim=(1, 3, 4)))
    quarters = ref_feats[1].mean(dim=1).unflatten(-1, (2, 2)).unflatten(-3, (2, 2)).mean(dim=(-3, -1))
    torch.testing.assert_close(region, quarters)


@pytest.mark.parametrize('masked', [False, True])
def test_several_references_are_meant_at_once_or_later(neck: LateMatchNeck, masked: bool) -> None:
    ref_feats, masks = make_ref_feats(shots=3), make_masks(shots=3)
    at_once = neck.encode_references(ref_feats, *([masks] if masked else []))
    singles = [
        neck.encode_references([f[:, k : k + 1] for f in ref_feats], *([masks[:, k : k + 1]] if masked else []))
        for k in range(3)
    ]
    later = neck.merge_references(EncodedReferences.cat(singles))
    for tensor, other in zip(at_once.tensors, later.tensors, strict=True):
        torch.testing.assert_close(tensor, other)


class TestMasks:
    def test_the_mean_is_that_over_the_mask(self, neck: LateMatchNeck) -> None:
        ref_feats, masks = make_ref_feats(2), make_masks(2)
        *vectors, region = neck.encode_references(ref_feats, masks).tensors
        for e in range(2):
            for mean, feat in zip((*vectors, region.mean(dim=(2, 3))), (*ref_feats, ref_feats[1]), strict=True):
                coverage = F.avg_pool2d(masks[e, 0], 16 // feat.shape[-1])[0]
                weighted = sum(
                    coverage[y, x] * feat[e, 0, :, y, x] for y in range(len(coverage)) for x in range(len(coverage))
                )
                torch.testing.assert_close(mean[e], weighted / coverage.sum())

    def test_a_relation_has_the_object_as_its_prototype(self, neck: LateMatchNeck) -> None:
        """What lies around the object changes nothing: the prototype is of the object alone."""
        relation = MetricRelation(in_channels=CHANNELS, out_channels=OUT, roi_feat_size=2, embed_channels=4)
        mask = torch.zeros(1, 1, 1, 16, 16)
        mask[..., :8, :8] = 1
        ref_feats = make_ref_feats()
        prototypes = []
        for background in (0.0, 100.0):
            for feat in ref_feats:
                half = feat.shape[-1] // 2
                feat[..., half:, :] = feat[..., half:] = background
            prototypes.append(relation.embed(neck.encode_references(ref_feats, mask)['region'])[1])
        torch.testing.assert_close(*prototypes)

    def test_the_object_stays_where_it_is(self, neck: LateMatchNeck) -> None:
        mask = torch.zeros(1, 1, 1, 16, 16)
        mask[..., :8, :8] = 1
        ref_feats = make_ref_feats()
        plain, masked = (
            neck.encode_references(ref_feats)['region'],
            neck.encode_references(ref_feats, mask)['region'],
        )
        torch.testing.assert_close(masked[..., 0, 0], plain[..., 0, 0])
        assert not torch.allclose(masked[..., 1, 1], plain[..., 1, 1])

    def test_a_mask_of_everything_is_none(self, neck: LateMatchNeck) -> None:
        ref_feats = make_ref_feats(2)
        both = neck.encode_references(ref_feats), neck.encode_references(ref_feats, torch.ones(2, 1, 1, 16, 16))
        for plain, masked in zip(*(encoded.tensors for encoded in both), strict=True):
            torch.testing.assert_close(plain, masked)


def test_gradients_reach_image_and_references(neck: LateMatchNeck) -> None:
    feats = [feat.requires_grad_() for feat in make_feats(2)]
    ref_feats = [feat.requires_grad_() for feat in make_ref_feats(2, shots=2)]
    matched = neck(feats, neck.encode_references(ref_feats))
    sum(level.square().sum() for level in matched).backward()
    matched.references['region'].square().sum().backward()
    assert all(feat.grad.abs().sum(dim=(-1, -2, -3)).gt(0).all() for feat in (*feats, ref_feats[1]))
    assert all(parameter.grad.abs().sum() > 0 for parameter in neck.parameters())


def test_levels_of_another_number_or_size_are_refused(neck: LateMatchNeck) -> None:
    references = neck.encode_references(make_ref_feats())
    with pytest.raises(ValueError, match=r'LateMatchNeck has 2 levels of 3 channels, got features of \[3\]'):
        neck(make_feats()[:1], references)
    with pytest.raises(ValueError, match=r'LateMatchNeck has 2 levels of 3 channels, got features of \[4, 4\]'):
        neck([torch.rand(1, 4, *size) for size in SIZES], references)
