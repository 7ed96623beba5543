"""RelationMatchNeck: AbsDiffMatchNeck that keeps the reference as a region too."""

import torch

from mmosis.models import AbsDiffMatchNeck, RelationMatchNeck
from mmosis.structures import EncodedReferences, MatchedFeatures

SIZES = ((8, 6), (4, 3))


def make_necks() -> tuple[RelationMatchNeck, AbsDiffMatchNeck]:
    """The neck, and the paper's with its weights."""
    settings = dict(in_channels=3, out_channels=5, num_levels=2)
    neck, paper = RelationMatchNeck(**settings, roi_feat_size=2, ref_level=1), AbsDiffMatchNeck(**settings)
    paper.load_state_dict(neck.state_dict())
    return neck, paper


def make_ref_feats(shots: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, shots, 3, *size, generator=generator) for size in ((8, 8), (4, 4))]


def test_it_matches_as_the_paper_and_hands_on_both_sides():
    neck, paper = make_necks()
    feats, ref_feats = [torch.randn(2, 3, *size) for size in SIZES], make_ref_feats()
    references = neck.encode_references(ref_feats)
    matched, expected = neck(feats, references), paper(feats, paper.encode_references(ref_feats))
    assert isinstance(matched, MatchedFeatures)
    for level, other in zip(matched, expected, strict=True):
        torch.testing.assert_close(level, other)
    assert all(got is feat for got, feat in zip(matched.image_feats, feats, strict=True))
    assert matched.references is references


def test_the_region_is_one_level_of_the_reference():
    neck, _ = make_necks()
    ref_feats = make_ref_feats()
    region = neck.encode_references(ref_feats)['region']
    quarters = ref_feats[1][:, 0].unflatten(-1, (2, 2)).unflatten(-3, (2, 2)).mean(dim=(-3, -1))
    torch.testing.assert_close(region, quarters)


def test_several_references_are_meant_at_once_or_later():
    neck, _ = make_necks()
    ref_feats = make_ref_feats(shots=3)
    at_once = neck.encode_references(ref_feats)
    singles = [neck.encode_references([feat[:1, k : k + 1] for feat in ref_feats]) for k in range(3)]
    later = neck.merge_references(EncodedReferences.cat(singles))
    for tensor, other in zip(at_once.tensors, later.tensors, strict=True):
        torch.testing.assert_close(tensor[:1], other)


def test_a_mask_changes_the_vectors_and_not_the_region():
    neck, _ = make_necks()
    masks = torch.zeros(2, 1, 1, 8, 8)
    masks[..., :4] = 1
    plain, masked = neck.encode_references(make_ref_feats()), neck.encode_references(make_ref_feats(), masks)
    assert not torch.allclose(plain.tensors[0], masked.tensors[0])
    torch.testing.assert_close(plain['region'], masked['region'])
