"""KindRoIHead: regions are told apart by kind too. test_binary_mixin has what it shares with others."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from test_binary_mixin import BOXES, SIZE, make_proposals, make_sample
from torch import Tensor, nn

from mmosis.models import KindRoIHead
from mmosis.structures import EncodedReferences, MatchedFeatures

KIND = dict(in_channels=[16, 32], embed_channels=8, temperature=10.0, loss_weight=0.25)
PYRAMID = (4, 8, 16, 32, 64)


@pytest.fixture
def make_kind_model(make_model: Callable) -> Callable[..., nn.Module]:
    """The tiny detector with a comparison of kinds on the backbone's last two maps."""
    return lambda: make_model(
        neck=dict(type='KindFPN', kind_indices=(2, 3)),
        match_neck=dict(type='KindMatchNeck', kind_channels=KIND['in_channels'], embed_channels=8),
        roi_head=dict(type='KindRoIHead', relation=dict(in_channels=8, embed_channels=16), kind=KIND),
    )


def make_features(shown: list[Tensor], refs: list[Tensor]) -> MatchedFeatures:
    """Features of E episodes whose kind maps, of strides 16 and 32, are the same vector ``shown[e]`` everywhere."""
    generator = torch.Generator().manual_seed(1)
    episodes = len(refs)

    def noise(*shape: int) -> Tensor:
        return torch.rand(episodes, *shape, generator=generator)

    levels, images = ([noise(8, SIZE // stride, SIZE // stride) for stride in PYRAMID] for _ in range(2))
    pairs = zip(KIND['in_channels'], (16, 32), strict=True)
    kinds = [
        torch.stack(shown)[:, :channels, None, None].repeat(1, 1, SIZE // stride, SIZE // stride)
        for channels, stride in pairs
    ]
    vectors = [torch.stack(refs)[:, :channels] for channels in (*[8] * len(PYRAMID), *KIND['in_channels'])]
    return MatchedFeatures(levels, [*images, *kinds], EncodedReferences((*vectors, noise(8, 7, 7))))


def make_vectors(number: int) -> list[Tensor]:
    return list(torch.randn(number, max(KIND['in_channels']), generator=torch.Generator().manual_seed(4)))


def loss_of(head: KindRoIHead, shown: list[Tensor], refs: list[Tensor], cat_ids: list[int]) -> Tensor:
    """The loss of the decision among references, of episodes with one object each."""
    proposals = [make_proposals(BOXES[1]) for _ in refs]
    samples = [make_sample(BOXES[1], draw=i, cat_id=cat_id) for i, cat_id in enumerate(cat_ids)]
    return head.loss(make_features(shown, refs), proposals, samples)['loss_kind']


class TestKindLoss:
    def test_it_is_the_cross_entropy_of_the_embeddings_cosines(self, make_kind_model: Callable) -> None:
        head, (one, other) = make_kind_model().roi_head, make_vectors(2)
        loss = loss_of(head, [other, one], [one, other], cat_ids=[1, 2])
        expected = 0.0
        for comparison, channels in zip(head.comparisons, KIND['in_channels'], strict=True):
            embedded = comparison.embed(torch.stack([one, other])[:, :channels])
            expected += math.log(1 + math.exp(10.0 * (1 - (embedded[0] @ embedded[1]).item())))
        assert loss.item() == pytest.approx(0.25 * expected, rel=1e-4)

    def test_it_falls_when_a_region_is_like_its_own_reference(self, make_kind_model: Callable) -> None:
        head, (one, other, between) = make_kind_model().roi_head, make_vectors(3)
        own, neither, swapped = (
            loss_of(head, shown, [one, other], cat_ids=[1, 2])
            for shown in ([one, other], [between, between], [other, one])
        )
        assert own < neither < swapped

    def test_a_reference_of_the_same_kind_is_no_other_one(self, make_kind_model: Callable) -> None:
        head, (one, other, third) = make_kind_model().roi_head, make_vectors(3)
        assert loss_of(head, [other, one], [one, other], cat_ids=[7, 7]) == 0
        # The third episode is another kind to both, and both are to it.
        some = loss_of(head, [other, one, third], [one, other, third], cat_ids=[7, 7, 8])
        all_of_them = loss_of(head, [other, one, third], [one, other, third], cat_ids=[6, 7, 8])
        assert 0 < some < all_of_them

    def test_one_episode_has_nothing_to_be_told_from(self, make_kind_model: Callable) -> None:
        (one,) = make_vectors(1)
        assert loss_of(make_kind_model().roi_head, [one], [one], cat_ids=[1]) == 0

    def test_without_a_match_it_is_zero_and_reaches_every_parameter(self, make_kind_model: Callable) -> None:
        head, refs = make_kind_model().roi_head, make_vectors(2)
        samples = [make_sample(draw=i, cat_id=i) for i in range(2)]
        losses = head.loss(make_features(refs, refs), [make_proposals(*BOXES) for _ in range(2)], samples)
        assert losses['loss_kind'] == losses['loss_bbox'] == 0
        assert losses['loss_cls'] > 0
        sum(loss for name, loss in losses.items() if 'loss' in name).backward()
        assert [name for name, parameter in head.named_parameters() if parameter.grad is None] == []

    def test_it_trains_the_embedding(self, make_kind_model: Callable) -> None:
        head, (one, other) = make_kind_model().roi_head, make_vectors(2)
        loss_of(head, [other, one], [one, other], cat_ids=[1, 2]).backward()
        assert all(comparison.embed_layer.weight.grad.abs().sum() > 0 for comparison in head.comparisons)


def rois_of(episodes: int) -> Tensor:
    return torch.tensor([[float(i), 4, 4, 30, 30] for i in range(episodes)])


@torch.no_grad()
def test_a_region_is_pooled_from_its_place_on_the_kind_maps(make_kind_model: Callable) -> None:
    """On maps of coordinates, in cells of 16 and of 32 pixels: the mean over a box is its centre."""
    (one,) = make_vectors(1)
    x = make_features([one], [one])
    for kinds, stride in zip(x.image_feats[-2:], (16, 32), strict=True):
        centres = (torch.arange(SIZE // stride) + 0.5) * stride
        kinds[0, 0], kinds[0, 1] = centres.expand(len(centres), -1), centres[:, None].expand(-1, len(centres))
    for pooled in make_kind_model().roi_head._pool_kinds(x, torch.tensor([[0.0, 20, 24, 44, 40]])):
        torch.testing.assert_close(pooled[0, :2], torch.tensor([32.0, 32.0]))


@torch.no_grad()
@pytest.mark.parametrize('number', [5, 6])
def test_another_kind_vector_changes_the_scores(make_kind_model: Callable, number: int) -> None:
    head, refs = make_kind_model().roi_head, make_vectors(2)
    one, other = make_features(refs, refs), make_features(refs, refs)
    tensors = list(other.references.tensors)
    tensors[number] = tensors[number].flip(0)
    other.references = EncodedReferences(tuple(tensors))
    scores = [head._bbox_forward(x, rois_of(2))['cls_score'] for x in (one, other)]
    assert not torch.allclose(*scores, atol=1e-4)


@torch.no_grad()
def test_a_cosine_is_added_to_the_logit_of_a_match_alone(make_kind_model: Callable) -> None:
    """By its weight times the temperature; here the cosine of the features as they come, of the first kind map."""
    head, (one, other) = make_kind_model().roi_head, make_vectors(2)
    nn.init.zeros_(head.cosine_weights.weight)
    x = make_features([one, other], [other, other])
    before = head._bbox_forward(x, rois_of(2))['cls_score']
    head.cosine_weights.weight[0, 0] = 0.5
    change = head._bbox_forward(x, rois_of(2))['cls_score'] - before
    cosines = torch.stack([F.cosine_similarity(one[:16], other[:16], dim=0), torch.tensor(1.0)])
    torch.testing.assert_close(change[:, 0], 10.0 * 0.5 * cosines, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(change[:, 1], torch.zeros(2))


@torch.no_grad()
def test_many_references_to_one_image_equal_separate_searches(make_kind_model: Callable) -> None:
    model = make_kind_model()
    feats = model.encode_images(torch.rand(1, 3, 64, 64))
    references = model.encode_references(torch.rand(3, 1, 3, 32, 32))
    together = model.roi_head._bbox_forward(model.match_neck(feats, references), rois_of(3))
    for i in range(3):
        alone = model.roi_head._bbox_forward(model.match_neck(feats, references[i : i + 1]), rois_of(1))
        for name in ('cls_score', 'bbox_pred'):
            torch.testing.assert_close(together[name][i : i + 1], alone[name])


@torch.no_grad()
def test_an_image_is_searched_for_all_its_episodes(make_kind_model: Callable, test_data: Callable) -> None:
    model, data = make_kind_model(), test_data(31)
    (sample,) = model(**model.data_preprocessor(data), mode='predict')
    episodes = len(data['data_samples'][0].episodes)
    assert episodes > 1
    assert set(sample.pred_instances.episode_ids.tolist()) == set(range(episodes))


@pytest.mark.parametrize('absent_prob', [0.0, 0.5, 1.0])
def test_a_training_step_reaches_all_parameters(
    make_kind_model: Callable, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
) -> None:
    model = make_kind_model().train()
    batch = make_batch(tiny_dataset(absent_prob=absent_prob), 0, 1, 2, 3)
    absent = {sample.episodes[0].absent for sample in batch['data_samples']}
    assert absent == {0.0: {False}, 0.5: {True, False}, 1.0: {True}}[absent_prob]
    total, log = model.parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
    total.backward()
    assert total.isfinite()
    assert (log['loss_kind'] == 0) == (absent_prob == 1)
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
