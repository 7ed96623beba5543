"""ConcatRelation: two layers judge a region beside its reference."""

import pytest
import torch

from mmosis.models import ConcatRelation

SIZES = dict(in_channels=8, out_channels=5, roi_feat_size=7)


@pytest.fixture
def relation() -> ConcatRelation:
    """Random weights of order 1."""
    torch.manual_seed(0)
    return ConcatRelation(**SIZES)


def make_sides(regions: int = 4, references: int = 2) -> tuple[torch.Tensor, ...]:
    """Matched features, regions and references."""
    generator = torch.Generator().manual_seed(1)
    shapes = ((regions, 5, 7, 7), (regions, 8, 7, 7), (references, 8, 7, 7))
    return tuple(torch.randn(*shape, generator=generator) for shape in shapes)


def test_logits_are_two_layers_of_both_means(relation: ConcatRelation) -> None:
    matched, regions, references = make_sides()
    episodes = [0, 1, 1, 0]
    related = relation(matched, regions, references, torch.tensor(episodes))
    assert related.feats is matched
    first, _, last = relation.judge
    assert first.out_features == 8
    for region, episode, logit in zip(regions, episodes, related.logits, strict=True):
        pooled = torch.tensor([side[c].mean() for side in (region, references[episode]) for c in range(8)])
        hidden = (first.weight @ pooled + first.bias).clamp(min=0)
        torch.testing.assert_close(logit, last.weight[0] @ hidden + last.bias[0])


def test_another_reference_changes_the_order_of_regions_too(relation: ConcatRelation) -> None:
    """What a linear map could not do: to it a reference is the same for all regions."""
    matched, regions, references = make_sides()
    one, other = (relation(matched, regions, references, torch.full((4,), e)).logits for e in (0, 1))
    assert (one - other).std() > 1e-3


def test_many_references_equal_separate_comparisons(relation: ConcatRelation) -> None:
    matched, regions, references = make_sides()
    together = relation(matched, regions, references, torch.tensor([0, 1, 1, 0])).logits
    for i, episode in enumerate((0, 1, 1, 0)):
        own = slice(episode, episode + 1)
        alone = relation(matched[i : i + 1], regions[i : i + 1], references[own], torch.tensor([0])).logits
        torch.testing.assert_close(together[i : i + 1], alone)


def test_both_sides_learn(relation: ConcatRelation) -> None:
    matched, *sides = make_sides()
    sides = [side.requires_grad_() for side in sides]
    relation(matched, *sides, torch.tensor([0, 1, 1, 0])).logits.sum().backward()
    assert all(side.grad.abs().sum(dim=(1, 2, 3)).gt(0).all() for side in sides)


def test_no_regions_have_no_logits(relation: ConcatRelation) -> None:
    related = relation(*make_sides(regions=0), torch.zeros(0, dtype=torch.long))
    assert related.feats.shape == (0, 5, 7, 7)
    assert related.logits.shape == (0,)


def test_it_starts_as_coae_does(relation: ConcatRelation) -> None:
    relation.init_weights()
    assert relation.judge[0].weight.std().item() == pytest.approx(0.01, rel=0.2)
    assert relation.judge[0].bias.eq(0).all()
