"""SemanticMatchNeck: the paper's matching, what a comparison of semantic maps adds, and the region of the object."""

import pytest
import torch
from torch import Tensor

from mmosis.models import AbsDiffMatchNeck, SemanticMatchNeck
from mmosis.structures import EncodedReferences, MatchedFeatures

CHANNELS, SEMANTIC, OUT = 3, (6, 4), 5
# Two levels, then two semantic maps.
SHAPES = ((CHANNELS, 8, 6), (CHANNELS, 4, 3), (SEMANTIC[0], 4, 3), (SEMANTIC[1], 2, 2))
REF_SHAPES = ((CHANNELS, 8, 8), (CHANNELS, 4, 4), (SEMANTIC[0], 4, 4), (SEMANTIC[1], 2, 2))


def make_neck(**settings) -> SemanticMatchNeck:
    torch.manual_seed(0)
    sizes = dict(in_channels=CHANNELS, out_channels=OUT, num_levels=2, semantic_channels=SEMANTIC, embed_channels=8)
    return SemanticMatchNeck(**sizes, **{'roi_feat_size': 2, **settings})


def make_feats(images: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(images, *shape, generator=generator) for shape in SHAPES]


def make_ref_feats(episodes: int = 1, shots: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(episodes, shots, *shape, generator=generator) for shape in REF_SHAPES]


class TestReferences:
    def test_vectors_of_all_maps_and_a_region_are_kept(self) -> None:
        ref_feats = make_ref_feats(episodes=2, shots=3)
        *vectors, region = make_neck().encode_references(ref_feats).tensors
        for vector, feat in zip(vectors, ref_feats, strict=True):
            torch.testing.assert_close(vector, feat.mean(dim=(1, 3, 4)))
        assert region.shape == (2, CHANNELS, 2, 2)

    def test_without_a_size_no_region_is_kept(self) -> None:
        neck, ref_feats = make_neck(roi_feat_size=None), make_ref_feats(episodes=2)
        references = neck.encode_references(ref_feats)
        assert references.fields == neck.fields == dict(vectors=2, semantic_vectors=2)
        with_region = make_neck()
        assert with_region.fields == dict(vectors=2, semantic_vectors=2, region=None)
        for level, other in zip(
            neck(make_feats(2), references),
            with_region(make_feats(2), with_region.encode_references(ref_feats)),
            strict=True,
        ):
            assert level.equal(other)

    def test_the_region_is_the_box_around_the_mask(self) -> None:
        """On a map of coordinates: a mask of 16 pixels that spans x 4-12 and y 2-8 is x 2-6 and y 1-4 on a map of 8."""
        ref_feats = make_ref_feats()
        centres = torch.arange(8) + 0.5
        ref_feats[0][0, 0, 0], ref_feats[0][0, 0, 1] = centres.expand(8, 8), centres[:, None].expand(8, 8)
        mask = torch.zeros(1, 1, 1, 16, 16)
        mask[..., 2:5, 4:12] = mask[..., 2:8, 4:6] = 1
        region = make_neck().encode_references(ref_feats, mask)['region']
        torch.testing.assert_close(region[0, 0], torch.tensor([[3.0, 5.0], [3.0, 5.0]]))
        torch.testing.assert_close(region[0, 1], torch.tensor([[1.75, 1.75], [3.25, 3.25]]))

    def test_without_a_mask_the_region_is_the_complete_crop(self) -> None:
        ref_feats = make_ref_feats()
        quarters = ref_feats[1][0, 0].unflatten(-1, (2, 2)).unflatten(-3, (2, 2)).mean(dim=(-3, -1))
        region = make_neck(ref_level=1).encode_references(ref_feats)['region']
        unmasked = make_neck(ref_level=1).encode_references(ref_feats, torch.ones(1, 1, 1, 16, 16))['region']
        torch.testing.assert_close(region, unmasked)
        torch.testing.assert_close(region[0], quarters)

    @pytest.mark.parametrize('masked', [False, True])
    def test_several_are_meant_at_once_or_later(self, masked: bool) -> None:
        neck, ref_feats = make_neck(), make_ref_feats(shots=3)
        masks = torch.zeros(1, 3, 1, 16, 16)
        for k in range(3):
            masks[:, k, :, 2 * k : 9 + k, k:8] = 1
        at_once = neck.encode_references(ref_feats, *([masks] if masked else []))
        singles = [
            neck.encode_references([f[:, k : k + 1] for f in ref_feats], *([masks[:, k : k + 1]] if masked else []))
            for k in range(3)
        ]
        assert not torch.allclose(singles[0]['region'], singles[1]['region'])
        later = neck.merge_references(EncodedReferences.cat(singles))
        for tensor, other in zip(at_once.tensors, later.tensors, strict=True):
            torch.testing.assert_close(tensor, other)

    def test_a_mask_changes_the_vectors_of_the_semantic_maps(self) -> None:
        mask = torch.zeros(1, 1, 1, 16, 16)
        mask[..., :8, :8] = 1
        ref_feats = make_ref_feats()
        vector = make_neck().encode_references(ref_feats, mask)['semantic_vectors'][0]
        torch.testing.assert_close(vector, ref_feats[2][:, 0, :, :2, :2].mean(dim=(2, 3)))


class TestMatching:
    def test_levels_come_matched_with_both_sides_beside_them(self) -> None:
        neck, feats = make_neck(), make_feats(2)
        references = neck.encode_references(make_ref_feats(2))
        matched = neck(feats, references)
        assert isinstance(matched, MatchedFeatures)
        assert [tuple(level.shape) for level in matched] == [(2, OUT, 8, 6), (2, OUT, 4, 3)]
        assert all(got is feat for got, feat in zip(matched.image_feats, feats, strict=True))
        assert matched.references is references

    def test_it_is_the_papers_matching_and_the_comparison(self) -> None:
        neck, paper = make_neck(), AbsDiffMatchNeck(CHANNELS, OUT, num_levels=2)
        paper.load_state_dict({k: v for k, v in neck.state_dict().items() if k.startswith('convs')})
        feats, references = make_feats(2), neck.encode_references(make_ref_feats(2))
        plain = paper(feats[:2], EncodedReferences(vectors=references['vectors']))
        for level, other in zip(neck(feats, references), plain, strict=True):
            assert not torch.allclose(level, other, atol=1e-2)
        with torch.no_grad():
            for comparison in neck.comparisons:
                comparison.mix[-1].weight.zero_()
                comparison.mix[-1].bias.fill_(0.25)  # what every position gets of a semantic map
        for level, other in zip(neck(feats, references), plain, strict=True):
            torch.testing.assert_close(level, other + 0.5)

    def test_a_semantic_map_changes_the_levels_where_it_changes(self) -> None:
        """Another feature at the right edge of a semantic map changes the fine level there, not at the left edge."""
        neck, feats = make_neck(), make_feats()
        references = neck.encode_references(make_ref_feats())
        before = neck(feats, references)[0]
        feats[2][..., 2] += 1
        change = (neck(feats, references)[0] - before).abs().amax(dim=(0, 1, 2))
        assert change[:2].eq(0).all()
        assert change[-2:].gt(1e-3).all()

    def test_one_image_against_many_references_equals_separate_matches(self) -> None:
        neck, feats = make_neck(), make_feats()
        references = neck.encode_references(make_ref_feats(4))
        together = neck(feats, references)
        for i in range(4):
            for level, alone in zip(together, neck(feats, references[i : i + 1]), strict=True):
                torch.testing.assert_close(level[i : i + 1], alone)

    @pytest.mark.parametrize('number', range(len(SHAPES)))
    def test_every_vector_of_another_reference_changes_its_levels(self, number: int) -> None:
        neck, feats = make_neck(), make_feats(2)
        tensors = list(neck.encode_references(make_ref_feats(2)).tensors)
        before = neck(feats, EncodedReferences.unflatten(tensors, neck.fields))
        tensors[number] = tensors[number].flip(0)
        after = neck(feats, EncodedReferences.unflatten(tensors, neck.fields))
        changed = [not torch.allclose(level, other) for level, other in zip(after, before, strict=True)]
        # A level's own vector changes that level; a semantic map all.
        assert changed == [number in (0, 2, 3), number in (1, 2, 3)]

    def test_gradients_reach_image_and_references(self) -> None:
        neck = make_neck()
        feats = [feat.requires_grad_() for feat in make_feats(2)]
        ref_feats = [feat.requires_grad_() for feat in make_ref_feats(2, shots=2)]
        matched = neck(feats, neck.encode_references(ref_feats))
        sum(level.square().sum() for level in matched).backward()
        for feat in (*feats, *ref_feats):
            assert feat.grad.abs().sum(dim=(-1, -2, -3)).gt(0).all()
        assert all(parameter.grad.abs().sum() > 0 for parameter in neck.parameters())
        ref_feats[0].grad = None
        neck.encode_references(ref_feats)['region'].square().sum().backward()
        assert ref_feats[0].grad.ne(0).all()

    def test_levels_of_another_number_are_refused(self) -> None:
        neck, feats, ref_feats = make_neck(), make_feats(), make_ref_feats()
        with pytest.raises(ValueError, match=r'SemanticMatchNeck has 2 levels of 3 channels, got features of \[3, 6\]'):
            neck(feats[1:], neck.encode_references(ref_feats))
        for given, refs in ((feats[:-1], ref_feats), (feats, ref_feats[:-1]), ([*feats, feats[-1]], ref_feats)):
            with pytest.raises(ValueError, match=r'SemanticMatchNeck compares semantic maps of .* channels, got'):
                neck(given, neck.encode_references(refs))
