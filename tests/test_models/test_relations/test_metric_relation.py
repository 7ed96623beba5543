"""MetricRelation: cosines with the reference's prototype decide, and say where."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from mmosis.models import MetricRelation, SiameseTwoStageDetector

SIDE = 4
SIZES = dict(in_channels=3, out_channels=2, roi_feat_size=SIDE, embed_channels=5, propagate_channels=4)
METRIC = dict(
    match_neck=dict(type='LateMatchNeck'),
    rpn_head=dict(type='ClassAgnosticRPNHead'),
    roi_head=dict(
        type='RelationRoIHead',
        competition=0.25,
        relation=dict(type='MetricRelation', in_channels=8, embed_channels=16, propagate_channels=4),
    ),
)


@pytest.fixture
def relation() -> MetricRelation:
    torch.manual_seed(0)
    return MetricRelation(**SIZES)


def noise(number: int, channels: int = 3, seed: int = 0) -> Tensor:
    return torch.randn(number, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------- as published, by loops over positions


def embed(relation: MetricRelation, region: np.ndarray) -> np.ndarray:
    """f(y, x) = A p(y, x) + b for a region (C, s, s): (s, s, D)."""
    weight, bias = (parameter.detach().double().numpy() for parameter in relation.embed_layer.parameters())
    return np.array([[weight[:, :, 0, 0] @ region[:, y, x] + bias for x in range(SIDE)] for y in range(SIDE)])


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / math.sqrt(sum(value**2 for value in vector))


def prototype(relation: MetricRelation, reference: np.ndarray) -> np.ndarray:
    """w: the mean of the reference's features, as a unit vector."""
    return unit(sum(vector for row in embed(relation, reference) for vector in row) / SIDE**2)


def global_similarity(relation: MetricRelation, region: np.ndarray, reference: np.ndarray) -> float:
    """normalise(mean of f) . w, by which DE-ViT chooses classes."""
    mean = sum(vector for row in embed(relation, region) for vector in row) / SIDE**2
    return unit(mean) @ prototype(relation, reference)


def similarity_map(relation: MetricRelation, region: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """f(y, x) . w, of unit vectors: (s, s)."""
    w = prototype(relation, reference)
    return np.array([[unit(vector) @ w for vector in row] for row in embed(relation, region)])


def convolve(maps: np.ndarray, layer: torch.nn.Conv2d) -> np.ndarray:
    """A convolution of 3x3 with zeros around: (I, s, s) to (O, s, s)."""
    weight, bias = (parameter.detach().double().numpy() for parameter in layer.parameters())
    padded, out = np.pad(maps, ((0, 0), (1, 1), (1, 1))), np.zeros((len(weight), SIDE, SIDE))
    for o, y, x in np.ndindex(out.shape):
        out[o, y, x] = (weight[o] * padded[:, y : y + 3, x : x + 3]).sum() + bias[o]
    return out


@torch.no_grad()
def test_it_is_what_is_published(relation: MetricRelation) -> None:
    matched, regions, references, episodes = noise(5, 2), noise(5, seed=1), noise(2, seed=2), [0, 1, 1, 0, 1]
    relation.log_temperature.fill_(math.log(7.0))
    relation.bias.fill_(-1.5)
    feats, logits = relation(matched, regions, references, torch.tensor(episodes))
    similarities = relation.similarities(regions, references)
    for r, e in enumerate(episodes):
        args = relation, regions[r].double().numpy(), references[e].double().numpy()
        hidden = np.maximum(convolve(similarity_map(*args)[None], relation.propagate[0]), 0)
        expected = matched[r].numpy() + convolve(hidden, relation.propagate[2])
        np.testing.assert_allclose(feats[r].numpy(), expected, atol=1e-5)
        assert logits[r].item() == pytest.approx(7.0 * global_similarity(*args) - 1.5, abs=1e-4)
        assert similarities[r, e].item() == pytest.approx(7.0 * global_similarity(*args), abs=1e-4)


# ---------------------------------------------------------------- what it promises


def test_temperature_and_bias_start_as_configured() -> None:
    relation, other = MetricRelation(**SIZES), MetricRelation(**SIZES, temperature=4.0, bias=0.5)
    assert relation.temperature.item() == pytest.approx(10.0)
    assert relation.bias.item() == -10.0
    assert (other.temperature.item(), other.bias.item()) == (pytest.approx(4.0), 0.5)
    region = noise(1)
    assert relation(noise(1, 2), region, region, torch.tensor([0])).logits.item() == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize('temperature', [0, -1.0])
def test_a_temperature_that_has_no_logarithm_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=f'temperature must be positive, .*, got {temperature}'):
        MetricRelation(**SIZES, temperature=temperature)


def test_where_the_region_is_another_the_map_changes_near_it(relation: MetricRelation) -> None:
    """Two convolutions of 3x3 carry a position's cosine no further than two positions."""
    region, other = noise(1), noise(1)
    other[..., 0, 0] = noise(1, seed=5)[..., 0, 0]
    feats = [relation(noise(1, 2), r, noise(1, seed=2), torch.tensor([0])).feats for r in (region, other)]
    changed = (feats[0] - feats[1]).abs().amax(dim=(0, 1)) > 1e-6
    assert changed[:2, :2].any()
    assert not changed[3:].any()
    assert not changed[:, 3:].any()


def test_another_reference_changes_features_and_logits(relation: MetricRelation) -> None:
    args = noise(2, 2), noise(2, seed=1), noise(2, seed=2)
    one, other = (relation(*args, torch.tensor(episodes)) for episodes in ([0, 1], [1, 0]))
    assert not torch.isclose(one.logits, other.logits).any()
    assert not torch.allclose(one.feats, other.feats)


def test_a_region_is_judged_by_itself(relation: MetricRelation) -> None:
    matched, regions, references = noise(3, 2), noise(3, seed=1), noise(3, seed=2)
    together = relation(matched, regions, references, torch.tensor([2, 0, 1]))
    for r, e in enumerate([2, 0, 1]):
        one = slice(r, r + 1)
        alone = relation(matched[one], regions[one], references[e : e + 1], torch.tensor([0]))
        torch.testing.assert_close(together.feats[one], alone.feats)
        torch.testing.assert_close(together.logits[one], alone.logits)


def test_no_region_at_all(relation: MetricRelation) -> None:
    feats, logits = relation(noise(0, 2), noise(0), noise(2), torch.zeros(0, dtype=torch.long))
    assert (feats.shape, logits.shape) == ((0, 2, SIDE, SIDE), (0,))
    assert relation.similarities(noise(0), noise(2)).shape == (0, 2)
    (feats.sum() + logits.sum()).backward()
    assert all(parameter.grad.eq(0).all() for parameter in relation.parameters())


@pytest.mark.parametrize('part', ['feats', 'logits', 'similarities'])
def test_both_sides_learn_of_everything(relation: MetricRelation, part: str) -> None:
    regions, references = noise(4, seed=1).requires_grad_(), noise(2, seed=2).requires_grad_()
    if part == 'similarities':
        said = relation.similarities(regions, references)
    else:
        said = getattr(relation(noise(4, 2), regions, references, torch.tensor([0, 1, 1, 0])), part)
    said.square().sum().backward()
    assert all(side.grad.abs().sum(dim=(1, 2, 3)).gt(0).all() for side in (regions, references))
    learning = {name for name, parameter in relation.named_parameters() if parameter.grad is not None}
    embedding = {'embed_layer.weight', 'embed_layer.bias'}
    propagation = {f'propagate.{i}.{name}' for i in (0, 2) for name in ('weight', 'bias')}
    scale = {'log_temperature'}
    expected = dict(feats=propagation, logits={'bias', *scale}, similarities=scale)[part]
    assert learning == embedding | expected


def test_cosines_are_as_exact_in_bfloat16_as_the_embeddings(relation: MetricRelation) -> None:
    args = noise(5, 2), noise(5, seed=1), noise(2, seed=2), torch.tensor([0, 1, 1, 0, 1])
    expected = relation(*args)
    with torch.autocast('cpu', torch.bfloat16):
        rounded = relation(*args)
        similarities = relation.similarities(*args[1:3])
    assert rounded.logits.dtype == similarities.dtype == torch.float32
    torch.testing.assert_close(rounded.logits, expected.logits, atol=0.1, rtol=0)
    torch.testing.assert_close(rounded.feats.float(), expected.feats, atol=0.05, rtol=0)


# ---------------------------------------------------------------- in the detector


@pytest.fixture
def metric_model(make_model: Callable) -> SiameseTwoStageDetector:
    return make_model(**METRIC)


@pytest.mark.parametrize('absent_prob', [0.0, 0.5, 1.0])
def test_a_training_step_reaches_all_parameters(
    metric_model: SiameseTwoStageDetector, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
) -> None:
    model = metric_model.train()
    batch = make_batch(tiny_dataset(absent_prob=absent_prob, keep_others=True), 0, 1, 2, 3)
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    total, log = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    # Others train the RPN where nothing matches.
    assert log['loss_rpn_bbox'] > 0
    assert [log[name] == 0 for name in ('loss_bbox', 'loss_mask', 'loss_competition')] == [absent_prob == 1] * 3
    assert model.roi_head.relation.embed_layer.weight.grad.abs().sum() > 0


def test_a_training_step_in_bfloat16(
    metric_model: SiameseTwoStageDetector, tiny_dataset: Callable, make_batch: Callable
) -> None:
    model = metric_model.train()
    batch = model.data_preprocessor(make_batch(tiny_dataset(keep_others=True), 0, 1), True)
    with torch.autocast('cpu', torch.bfloat16):
        total, _ = model.parse_losses(model(**batch, mode='loss'))
    total.backward()
    assert total.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@torch.no_grad()
def test_references_decide_among_the_same_proposals(metric_model: SiameseTwoStageDetector) -> None:
    feats = metric_model.encode_images(torch.rand(1, 3, 64, 64))
    references = metric_model.encode_references(torch.rand(3, 1, 3, 32, 32))
    rois = torch.tensor([[float(e), 4, 4, 30, 30] for e in range(3)])
    together = metric_model.roi_head._bbox_forward(metric_model.match_neck(feats, references), rois)
    assert len(together['cls_score'].unique(dim=0)) == 3
    for e in range(3):
        matched = metric_model.match_neck(feats, references[e : e + 1])
        alone = metric_model.roi_head._bbox_forward(matched, rois[:1])
        for name in ('cls_score', 'bbox_pred'):
            torch.testing.assert_close(together[name][e : e + 1], alone[name])
