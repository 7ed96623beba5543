"""RelationRoIHead: a region is compared with the whole reference. test_binary_mixin has what it shares with others."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from mmosis.models import RelationRoIHead
from mmosis.models.roi_heads.relation_roi_head import RegionRelation
from mmosis.structures import EncodedReferences, MatchedFeatures

RELATION = dict(in_channels=8, embed_channels=16)


@pytest.fixture
def relation() -> RegionRelation:
    torch.manual_seed(0)
    return RegionRelation(**RELATION, roi_feat_size=7, out_channels=5)


@pytest.fixture
def make_relation_model(make_model: Callable) -> Callable[..., nn.Module]:
    """The tiny detector with the relation in it."""
    return lambda **relation: make_model(
        match_neck=dict(type='RelationMatchNeck'),
        roi_head=dict(type='RelationRoIHead', relation=dict(RELATION, **relation)),
    )


class TestRegionRelation:
    def test_what_is_equal_does_not_differ(self, relation: RegionRelation) -> None:
        regions = torch.rand(3, 8, 7, 7)
        related = relation(regions, regions, torch.arange(3))
        torch.testing.assert_close(related, relation.relate.bias.expand(3, -1))
        assert not torch.allclose(relation(regions, regions, torch.tensor([1, 2, 0])), related)

    def test_a_brighter_region_is_the_same_region(self, relation: RegionRelation) -> None:
        nn.init.zeros_(relation.embed_layer[0].bias)
        region = torch.rand(1, 8, 7, 7)
        torch.testing.assert_close(relation.embed(3 * region), relation.embed(region))

    def test_both_sides_learn(self, relation: RegionRelation) -> None:
        regions, references = torch.rand(4, 8, 7, 7, requires_grad=True), torch.rand(2, 8, 7, 7, requires_grad=True)
        relation(regions, references, torch.tensor([0, 1, 1, 0])).sum().backward()
        assert all(side.grad.abs().sum(dim=(1, 2, 3)).gt(0).all() for side in (regions, references))

    def test_it_starts_from_the_layer_of_a_classifier(self, tmp_path: Path) -> None:
        saved = {'0.weight': torch.rand(16, 8 * 49), '0.bias': torch.rand(16)}
        prefix = 'roi_head.bbox_head.cls_fcs'
        torch.save(dict(state_dict={f'{prefix}.{name}': value for name, value in saved.items()}), tmp_path / 'a')
        init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'a'), prefix=prefix)
        relation = RegionRelation(**RELATION, roi_feat_size=7, out_channels=5, embed_init_cfg=init_cfg)
        relation.init_weights()
        assert all(value.equal(saved[name]) for name, value in relation.embed_layer.state_dict().items())


def rois_of(episodes: int) -> torch.Tensor:
    return torch.tensor([[float(i), 4, 4, 30, 30] for i in range(episodes)])


@torch.no_grad()
def test_another_region_of_the_reference_changes_scores_alone(make_relation_model: Callable) -> None:
    model = make_relation_model()
    feats = model.encode_images(torch.rand(1, 3, 64, 64))
    *vectors, region = model.encode_references(torch.rand(2, 1, 3, 32, 32)).tensors
    head: RelationRoIHead = model.roi_head
    one = model.match_neck(feats, EncodedReferences((*vectors, region)))
    other = model.match_neck(feats, EncodedReferences((*vectors, region.flip(0))))
    assert isinstance(one, MatchedFeatures)
    assert all(level.equal(same) for level, same in zip(one, other, strict=True))
    scores = [head._bbox_forward(matched, rois_of(2))['cls_score'] for matched in (one, other)]
    assert not torch.allclose(*scores)


@torch.no_grad()
def test_many_references_to_one_image_equal_separate_searches(make_relation_model: Callable) -> None:
    model = make_relation_model()
    feats = model.encode_images(torch.rand(1, 3, 64, 64))
    references = model.encode_references(torch.rand(3, 1, 3, 32, 32))
    together = model.roi_head._bbox_forward(model.match_neck(feats, references), rois_of(3))
    for i in range(3):
        alone = model.roi_head._bbox_forward(model.match_neck(feats, references[i : i + 1]), rois_of(1))
        for name in ('cls_score', 'bbox_pred'):
            torch.testing.assert_close(together[name][i : i + 1], alone[name])


def test_a_training_step_reaches_all_parameters(make_relation_model: Callable, train_data: dict) -> None:
    model = make_relation_model().train()
    total, _ = model.parse_losses(model(**model.data_preprocessor(train_data, True), mode='loss'))
    total.backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    assert model.roi_head.relation.embed_layer[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize('absent_prob', [0.5, 1.0])
def test_a_batch_with_absent_categories_trains_all_parameters(
    make_relation_model: Callable, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
) -> None:
    model = make_relation_model().train()
    batch = make_batch(tiny_dataset(absent_prob=absent_prob), 0, 1, 2, 3)
    absent = [sample.episodes[0].absent for sample in batch['data_samples']]
    assert set(absent) == ({True} if absent_prob == 1 else {True, False})
    total, log = model.parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
    total.backward()
    assert total.isfinite()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    assert [log[name] == 0 for name in ('loss_rpn_bbox', 'loss_bbox', 'loss_mask')] == [absent_prob == 1] * 3
