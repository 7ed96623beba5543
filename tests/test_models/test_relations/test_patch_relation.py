"""PatchRelation: embeddings of regions and references are compared."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmosis.models import PatchRelation, RegionRelation

SIZES = dict(in_channels=8, out_channels=5, roi_feat_size=7)


@pytest.fixture
def relation() -> PatchRelation:
    torch.manual_seed(0)
    return PatchRelation(**SIZES, embed_channels=16)


def relate(relation: RegionRelation, regions: torch.Tensor, references: torch.Tensor, episodes: list[int]):
    """What the relation adds to matched features of nothing, (R, C')."""
    related = relation(torch.zeros(len(regions), 5, 7, 7), regions, references, torch.tensor(episodes)).feats
    assert related.shape == (len(regions), 5, 7, 7)
    return related[..., 0, 0]


def test_what_is_equal_does_not_differ(relation: PatchRelation) -> None:
    regions = torch.rand(3, 8, 7, 7)
    related = relate(relation, regions, regions, [0, 1, 2])
    torch.testing.assert_close(related, relation.relate.bias.expand(3, -1))
    assert not torch.allclose(relate(relation, regions, regions, [1, 2, 0]), related)


def test_matched_features_stay_beneath(relation: PatchRelation) -> None:
    matched, regions = torch.rand(1, 5, 7, 7), torch.rand(1, 8, 7, 7)
    related = relation(matched, regions, regions, torch.tensor([0]))
    torch.testing.assert_close(related.feats - matched, relation.relate.bias[None, :, None, None].expand(1, 5, 7, 7))


def test_a_brighter_region_is_the_same_region(relation: PatchRelation) -> None:
    nn.init.zeros_(relation.embed_layer[0].bias)
    region = torch.rand(1, 8, 7, 7)
    torch.testing.assert_close(relation.embed(3 * region), relation.embed(region))


def test_both_sides_learn(relation: PatchRelation) -> None:
    regions, references = torch.rand(4, 8, 7, 7, requires_grad=True), torch.rand(2, 8, 7, 7, requires_grad=True)
    relate(relation, regions, references, [0, 1, 1, 0]).sum().backward()
    assert all(side.grad.abs().sum(dim=(1, 2, 3)).gt(0).all() for side in (regions, references))


def test_it_starts_from_the_layer_of_a_classifier(tmp_path: Path) -> None:
    saved = {'0.weight': torch.rand(16, 8 * 49), '0.bias': torch.rand(16)}
    prefix = 'roi_head.bbox_head.cls_fcs'
    torch.save(dict(state_dict={f'{prefix}.{name}': value for name, value in saved.items()}), tmp_path / 'a')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a'), prefix=prefix)
    relation = PatchRelation(**SIZES, embed_channels=16, embed_init_cfg=init_cfg)
    relation.init_weights()
    assert all(value.equal(saved[name]) for name, value in relation.embed_layer.state_dict().items())
