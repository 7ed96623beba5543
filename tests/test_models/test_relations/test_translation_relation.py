"""TranslationRelation: the transformer of AIT between region and reference."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmosis.models import SelectiveAttention, TranslationRelation

CHANNELS, OUT, SIDE, EMBED, HEADS = 5, 3, 2, 8, 4
RELATION = dict(in_channels=8, embed_channels=16, feedforward_channels=32)


@pytest.fixture
def relation() -> TranslationRelation:
    torch.manual_seed(0)
    sizes = dict(in_channels=CHANNELS, out_channels=OUT, roi_feat_size=SIDE)
    relation = TranslationRelation(**sizes, embed_channels=EMBED, feedforward_channels=6, num_heads=HEADS)
    relation.init_weights()
    for parameter in relation.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter)  # No bias of 0, no norm of 1 that would hide that it is missing.
    return relation.eval()


def make_sides(regions: int = 3, references: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(count, CHANNELS, SIDE, SIDE, generator=generator) for count in (regions, references))


def relate(relation: TranslationRelation, regions: Tensor, references: Tensor, episodes: list[int]) -> Tensor:
    """What the relation adds to matched features of nothing."""
    matched = torch.zeros(len(regions), OUT, SIDE, SIDE)
    return relation(matched, regions, references, torch.tensor(episodes, dtype=torch.long)).feats


class ByHand:
    """The code's transformer for one region and one reference, with the relation's weights in it."""

    def __init__(self, relation: TranslationRelation) -> None:
        self.weights = dict(relation.named_parameters())

    def norm(self, name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(dim=1, keepdim=True)
        scaled = centred / torch.sqrt(centred.square().mean(dim=1, keepdim=True) + 1e-6)
        return scaled * self.weights[f'{name}.norm.weight'] + self.weights[f'{name}.norm.bias']

    def embed(self, name: str, side: Tensor) -> Tensor:
        """1x1 convolution, positions row after row, code of each, norm."""
        rows = []
        for y in range(SIDE):
            for x in range(SIDE):
                row = self.weights[f'{name}.layer.weight'] @ side[:, y, x] + self.weights[f'{name}.layer.bias']
                for i in range(EMBED):
                    angle = (y * SIDE + x) / 10000 ** (2 * (i // 2) / EMBED)
                    row[i] += math.sin(angle) if i % 2 == 0 else math.cos(angle)
                rows.append(row)
        return self.norm(name, torch.stack(rows))

    def attend(self, name: str, queries: Tensor, keys: Tensor) -> Tensor:
        """Heads, selection among them, residual, norm."""
        size, parts = EMBED // HEADS, []
        for head in range(HEADS):
            own = slice(head * size, (head + 1) * size)
            query, key, value = (
                side @ self.weights[f'{name}.{layer}_layer.weight'][own].T
                for side, layer in ((queries, 'query'), (keys, 'key'), (keys, 'value'))
            )
            parts.append(torch.softmax(query @ key.T / math.sqrt(size), dim=1) @ value)
        vector = self.weights[f'{name}.select_layer.weight'] @ sum(parts).mean(dim=0)
        chosen = torch.softmax((vector + self.weights[f'{name}.select_layer.bias']).view(HEADS, size), dim=0)
        mixed = sum(part * weight for part, weight in zip(parts, chosen, strict=True))
        return self.norm(name, queries + mixed @ self.weights[f'{name}.out_layer.weight'].T)

    def feed_forward(self, name: str, x: Tensor) -> Tensor:
        first, second = (
            (self.weights[f'{name}.layers.{i}.weight'], self.weights[f'{name}.layers.{i}.bias']) for i in (0, 2)
        )
        return self.norm(name, x + F.linear(F.linear(x, *first).relu(), *second))

    def __call__(self, region: Tensor, reference: Tensor) -> Tensor:
        source, target = self.embed('embed_region', region), self.embed('embed_reference', reference)
        encoded = self.feed_forward('encoder_feedforward', self.attend('encoder_attention', source, source))
        decoded = self.attend('decoder_attention', target, target)
        decoded = self.attend('cross_attention', decoded, encoded)
        decoded = self.feed_forward('decoder_feedforward', decoded)
        translated = F.linear(decoded, self.weights['out_layer.weight'], self.weights['out_layer.bias'])
        return translated.T.reshape(OUT, SIDE, SIDE)


def test_equals_the_codes_transformer(relation: TranslationRelation) -> None:
    regions, references = make_sides()
    for region, episode, got in zip(regions, [1, 0, 1], relate(relation, regions, references, [1, 0, 1]), strict=True):
        torch.testing.assert_close(got, ByHand(relation)(region, references[episode]), atol=1e-5, rtol=1e-4)


def test_defaults_are_the_papers() -> None:
    relation = TranslationRelation(in_channels=8, out_channels=8, roi_feat_size=7)
    heads = [module.num_heads for module in relation.modules() if isinstance(module, SelectiveAttention)]
    assert heads == [8, 8, 8]
    assert relation.cross_attention.query_layer.weight.shape == (512, 512)
    assert relation.cross_attention.out_layer.weight.shape == (512, 64)
    assert relation.decoder_feedforward.layers[0].out_features == 2048
    assert {module.p for module in relation.modules() if isinstance(module, nn.Dropout)} == {0.1}
    assert relation.embed_region.positions.shape == (49, 512)


def test_matched_features_stay_beneath(relation: TranslationRelation) -> None:
    regions, references = make_sides()
    matched, episodes = torch.randn(3, OUT, SIDE, SIDE), torch.tensor([0, 1, 0])
    related = relation(matched, regions, references, episodes)
    torch.testing.assert_close(related.feats - matched, relate(relation, regions, references, [0, 1, 0]))
    assert related.logits == 0


def test_another_reference_or_other_parts_change_the_translation(relation: TranslationRelation) -> None:
    regions, references = make_sides()
    before = relate(relation, regions, references, [0, 1, 0])
    assert not torch.allclose(relate(relation, regions, references, [1, 0, 1]), before, atol=1e-2)
    assert not torch.allclose(relate(relation, regions, references.flip(-1), [0, 1, 0]), before, atol=1e-4)
    assert not torch.allclose(relate(relation, regions.flip(-1), references, [0, 1, 0]), before, atol=1e-4)


def test_a_region_is_translated_as_if_alone(relation: TranslationRelation) -> None:
    regions, references = make_sides()
    together = relate(relation, regions, references, [1, 0, 1])
    for i, episode in enumerate([1, 0, 1]):
        alone = relate(relation, regions[i : i + 1], references[episode : episode + 1], [0])
        torch.testing.assert_close(together[i : i + 1], alone)


def test_no_region(relation: TranslationRelation) -> None:
    regions, references = make_sides(regions=0)
    assert relate(relation, regions, references, []).shape == (0, OUT, SIDE, SIDE)


def test_a_reference_is_read_once(relation: TranslationRelation) -> None:
    """Of the decoder only the attention to regions is theirs."""
    read = []
    relation.decoder_attention.register_forward_hook(lambda _, given, __: read.append(len(given[0])))
    relate(relation, *make_sides(regions=7), [0, 1, 1, 0, 1, 0, 0])
    assert read == [2]


def test_both_sides_and_all_parameters_learn(relation: TranslationRelation) -> None:
    regions, references = (side.requires_grad_() for side in make_sides())
    relate(relation, regions, references, [0, 1, 0]).square().sum().backward()
    assert all(side.grad.ne(0).all() for side in (regions, references))
    assert all(parameter.grad.abs().sum() > 0 for parameter in relation.parameters())


def test_bfloat16(relation: TranslationRelation) -> None:
    """In training weights are in float32, in a search they are not; references that were stored are always."""
    regions, references = make_sides()
    expected = relate(relation, regions, references, [0, 1, 0])
    for one in (relation, relation.bfloat16()):
        with torch.autocast('cpu', torch.bfloat16):
            translated = relate(one, regions.bfloat16(), references, [0, 1, 0])
        assert (translated.float() - expected).abs().mean() < 0.05 * expected.abs().mean()


def test_heads_that_do_not_divide_the_embedding_are_refused() -> None:
    with pytest.raises(ValueError, match='heads must divide channels, got 3 heads and 8 channels'):
        TranslationRelation(in_channels=1, out_channels=1, roi_feat_size=2, embed_channels=8, num_heads=3)


class TestDetector:
    """The tiny detector with the relation in it."""

    @pytest.fixture
    def model(self, make_model: Callable) -> nn.Module:
        relation = dict(RELATION, type='TranslationRelation')
        return make_model(
            match_neck=dict(type='RelationMatchNeck'), roi_head=dict(type='RelationRoIHead', relation=relation)
        )

    @pytest.mark.parametrize('absent_prob', [0.0, 0.5, 1.0])
    def test_a_training_step_reaches_all_parameters(
        self, model: nn.Module, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
    ) -> None:
        batch = make_batch(tiny_dataset(absent_prob=absent_prob), 0, 1, 2, 3)
        total, _ = model.train().parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
        total.backward()
        assert total.isfinite()
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
        assert all(parameter.grad.abs().sum() > 0 for parameter in model.roi_head.relation.parameters())

    @torch.no_grad()
    def test_many_references_to_one_image_equal_separate_searches(self, model: nn.Module) -> None:
        feats = model.encode_images(torch.rand(1, 3, 64, 64))
        references = model.encode_references(torch.rand(3, 1, 3, 32, 32))
        rois = torch.tensor([[float(i), 4, 4, 30, 30] for i in range(3)])
        together = model.roi_head._bbox_forward(model.match_neck(feats, references), rois)
        for i in range(3):
            alone = model.roi_head._bbox_forward(model.match_neck(feats, references[i : i + 1]), rois[:1])
            for name in ('cls_score', 'bbox_pred'):
                torch.testing.assert_close(together[name][i : i + 1], alone[name])
