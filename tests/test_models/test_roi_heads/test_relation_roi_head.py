"""RelationRoIHead: a region is compared with all of the reference. test_binary_mixin tests what all heads do."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from mmosis.models import RelationRoIHead
from mmosis.structures import EncodedReferences, MatchedFeatures

RELATION = dict(in_channels=8, embed_channels=16)


@pytest.fixture
def make_relation_model(make_model: Callable) -> Callable[..., nn.Module]:
    """The tiny detector with the relation in it."""
    return lambda **relation: make_model(
        match_neck=dict(type='RelationMatchNeck'),
        roi_head=dict(type='RelationRoIHead', relation=dict(RELATION, **relation)),
    )


def rois_of(episodes: int) -> torch.Tensor:
    return torch.tensor([[float(i), 4, 4, 30, 30] for i in range(episodes)])


@torch.no_grad()
def test_another_region_of_the_reference_changes_scores_alone(make_relation_model: Callable) -> None:
    model = make_relation_model()
    feats = model.encode_images(torch.rand(1, 3, 64, 64))
    references = model.encode_references(torch.rand(2, 1, 3, 32, 32))
    vectors, region = references['vectors'], references['region']
    head: RelationRoIHead = model.roi_head
    one = model.match_neck(feats, references)
    other = model.match_neck(feats, EncodedReferences(vectors=vectors, region=region.flip(0)))
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


@pytest.mark.parametrize('neck', ['AbsDiffMatchNeck', 'ConcatMatchNeck'])
def test_a_match_neck_that_keeps_no_region_is_refused_when_the_model_is_built(make_model: Callable, neck: str) -> None:
    wanted = rf'roi_head \(RelationRoIHead\) needs the region of references, and {neck} keeps vectors alone'
    with pytest.raises(ValueError, match=wanted):
        make_model(match_neck=dict(type=neck), roi_head=dict(type='RelationRoIHead', relation=RELATION))


def test_without_similarities_there_is_no_contrastive_loss(make_model: Callable) -> None:
    roi_head = dict(type='RelationRoIHead', relation=RELATION, competition=0.5)
    with pytest.raises(TypeError, match=r'PatchRelation has no similarities.*remove competition, or take another'):
        make_model(match_neck=dict(type='RelationMatchNeck'), roi_head=roi_head)
