"""CrossAttentionMatchNeck: every position is compared with what it attends to of the reference."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mmosis.models import AbsDiffMatchNeck, BinaryRoIHead, CrossAttentionMatchNeck, RelationMatchNeck
from mmosis.structures import EncodedReferences, MatchedFeatures

CHANNELS, OUT, GRID, HEADS = 6, 5, 2, 3
SIZES, REF_SIZES = ((5, 4), (3, 2)), ((8, 8), (4, 4))
SETTINGS = dict(in_channels=CHANNELS, out_channels=OUT, num_levels=2)


def make_neck(**settings) -> CrossAttentionMatchNeck:
    torch.manual_seed(0)
    neck = CrossAttentionMatchNeck(
        **{**SETTINGS, 'grid_size': GRID, 'num_heads': HEADS, 'roi_feat_size': 4, **settings}
    )
    neck.init_weights()
    for layer in (neck.query_layer, neck.key_layer):
        nn.init.normal_(layer.weight)  # Attention that is far from even.
    for conv in neck.convs:
        nn.init.normal_(conv.bias)
    return neck


def make_feats(images: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(images, CHANNELS, *size, generator=generator) for size in SIZES]


def make_ref_feats(episodes: int = 1, shots: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(episodes, shots, CHANNELS, *size, generator=generator) for size in REF_SIZES]


def make_masks(episodes: int = 1, shots: int = 1) -> Tensor:
    """Random pixels of 16x16, but nothing in the quarter at the upper left."""
    masks = (torch.rand(episodes, shots, 1, 16, 16, generator=torch.Generator().manual_seed(3)) < 0.4).float()
    masks[..., :8, :8] = 0
    return masks


def grid_by_hand(feats: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (s * s, C) of K references (K, C, h, w) with masks (K, h', w'), and how much each counts (s * s,)."""
    shots, _, side, _ = feats.shape
    cell, pixels = side // GRID, masks.shape[-1] // side
    positions, weights = [], []
    for row in range(GRID):
        for column in range(GRID):
            seen, weight = np.zeros(CHANNELS), 0.0
            for k in range(shots):
                for y in range(row * cell, (row + 1) * cell):
                    for x in range(column * cell, (column + 1) * cell):
                        covered = masks[k, y * pixels : (y + 1) * pixels, x * pixels : (x + 1) * pixels].mean()
                        # Every reference counts alike, however small its mask.
                        fraction = covered / masks[k].mean() / cell**2 / shots
                        seen, weight = seen + fraction * feats[k, :, y, x], weight + fraction
            positions.append(seen / max(weight, 1e-30))
            weights.append(weight)
    return np.array(positions), np.array(weights)


def attend_by_hand(position: np.ndarray, positions: np.ndarray, weights: np.ndarray, layers: list) -> np.ndarray:
    """r of one position (C,): a softmax over the reference's positions, weighted, head by head."""
    query, keys, values = layers[0] @ position, positions @ layers[1].T, positions @ layers[2].T
    part, size = np.zeros(CHANNELS), CHANNELS // HEADS
    for head in range(HEADS):
        own = slice(head * size, (head + 1) * size)
        scores = weights * np.exp(keys[:, own] @ query[own] / np.sqrt(size))
        part[own] = (scores / scores.sum()) @ values[:, own]
    return part


def match_by_hand(feats: list[Tensor], ref_feats: list[Tensor], masks: Tensor, neck: CrossAttentionMatchNeck) -> list:
    layers = [layer.weight.detach().double().numpy() for layer in (neck.query_layer, neck.key_layer, neck.value_layer)]
    matched = []
    for feat, ref_feat, conv in zip(feats, ref_feats, neck.convs, strict=True):
        weight, bias = conv.weight.detach().double().numpy()[:, :, 0, 0], conv.bias.detach().double().numpy()
        level = np.zeros((len(feat), OUT, *feat.shape[-2:]))
        for e, y, x in np.ndindex(len(feat), *feat.shape[-2:]):
            position = feat[e, :, y, x].double().numpy()
            grid = grid_by_hand(ref_feat[e].double().numpy(), masks[e, :, 0].double().numpy())
            part = attend_by_hand(position, *grid, layers)
            level[e, :, y, x] = weight @ np.concatenate([position, np.abs(position - part)]) + bias
        matched.append(level)
    return matched


def assert_same(levels: tuple[Tensor, ...], others: tuple[Tensor, ...]) -> None:
    for level, other in zip(levels, others, strict=True):
        torch.testing.assert_close(level, other)


class TestMatching:
    @pytest.mark.parametrize('masked', [False, True])
    @pytest.mark.parametrize('shots', [1, 3])
    def test_equals_a_plain_recomputation(self, shots: int, masked: bool) -> None:
        neck, feats, ref_feats = make_neck(), make_feats(2), make_ref_feats(2, shots)
        nn.init.normal_(neck.value_layer.weight)
        masks = make_masks(2, shots) if masked else torch.ones(2, shots, 1, 16, 16)
        matched = neck(feats, neck.encode_references(ref_feats, *([masks] if masked else [])))
        for level, expected in zip(matched, match_by_hand(feats, ref_feats, masks, neck), strict=True):
            np.testing.assert_allclose(level.detach().numpy(), expected, atol=1e-4)

    @pytest.mark.parametrize('masked', [False, True])
    @pytest.mark.parametrize('shots', [1, 3])
    def test_with_even_attention_it_is_the_papers(self, shots: int, masked: bool) -> None:
        neck, paper = make_neck(), AbsDiffMatchNeck(**SETTINGS)
        nn.init.zeros_(neck.query_layer.weight)  # The values start as the identity.
        paper.convs.load_state_dict(neck.convs.state_dict())
        feats, refs = make_feats(2), [make_ref_feats(2, shots), *([make_masks(2, shots)] if masked else [])]
        assert_same(neck(feats, neck.encode_references(*refs)), paper(feats, paper.encode_references(*refs)))

    def test_a_part_of_the_reference_does_not_differ_from_it(self) -> None:
        """The mean of four types of positions is none of them; attention finds the one."""
        neck = make_neck(num_heads=1)
        parts = 3 * torch.eye(CHANNELS)[:4]
        ref_feats = [parts.T.reshape(1, 1, CHANNELS, 2, 2)] * 2
        for layer in (neck.query_layer, neck.key_layer):
            layer.weight.data = 5 * torch.eye(CHANNELS)
        feats = [parts.T.reshape(1, CHANNELS, 2, 2)] * 2
        weighted = neck.encode_references(ref_feats)['weighted']
        part = neck.attend(feats[0], weighted[0], torch.ones(1, 1, 2, 2))
        torch.testing.assert_close(part, feats[0], atol=1e-4, rtol=0)

    def test_levels_come_matched_with_both_sides_beside_them(self) -> None:
        neck, feats = make_neck(), make_feats(2)
        references = neck.encode_references(make_ref_feats(2))
        matched = neck(feats, references)
        assert isinstance(matched, MatchedFeatures)
        assert [tuple(level.shape) for level in matched] == [(2, OUT, *size) for size in SIZES]
        assert all(got is feat for got, feat in zip(matched.image_feats, feats, strict=True))
        assert matched.references is references

    def test_one_image_against_many_references_equals_separate_matches(self) -> None:
        neck, feats = make_neck(), make_feats()
        references = neck.encode_references(make_ref_feats(4), make_masks(4))
        together = neck(feats, references)
        for i in range(4):
            assert_same([level[i : i + 1] for level in together], neck(feats, references[i : i + 1]))

    @pytest.mark.parametrize('number', range(4))
    def test_another_reference_is_heard_on_its_level(self, number: int) -> None:
        neck, feats = make_neck(), make_feats(2)
        tensors = list(neck.encode_references(make_ref_feats(2), make_masks(2)).tensors)
        before = neck(feats, EncodedReferences.unflatten(tensors, neck.fields))
        tensors[number] = tensors[number].flip(0)
        after = neck(feats, EncodedReferences.unflatten(tensors, neck.fields))
        changed = [not torch.allclose(level, other) for level, other in zip(after, before, strict=True)]
        assert changed == [number % 2 == 0, number % 2 == 1]

    def test_gradients_reach_image_reference_and_all_parameters(self) -> None:
        neck = make_neck()
        feats = [feat.requires_grad_() for feat in make_feats(2)]
        ref_feats = [feat.requires_grad_() for feat in make_ref_feats(2, shots=2)]
        sum(level.square().sum() for level in neck(feats, neck.encode_references(ref_feats))).backward()
        assert all((feat.grad != 0).all() for feat in (*feats, *ref_feats))
        assert all((parameter.grad != 0).all() for parameter in neck.parameters())

    def test_bfloat16(self) -> None:
        neck, feats = make_neck(), make_feats(2)
        refs = make_ref_feats(2), make_masks(2)
        expected = neck(feats, neck.encode_references(*refs))
        halved = make_neck().bfloat16()
        for one in (neck, halved):
            with torch.autocast('cpu', torch.bfloat16):
                matched = one([feat.bfloat16() for feat in feats], one.encode_references(*refs))
            for level, other in zip(matched, expected, strict=True):
                assert (level.float() - other).abs().mean() < 0.05 * other.abs().mean()

    def test_another_number_of_levels_or_channels_is_refused(self) -> None:
        neck, feats = make_neck(), make_feats()
        references = neck.encode_references(make_ref_feats())
        message = r'CrossAttentionMatchNeck has 2 levels of 6 channels, got .*set num_levels and in_channels'
        for given in (feats[:1], [feat[:, :3] for feat in feats]):
            with pytest.raises(ValueError, match=message):
                neck(given, references)
        with pytest.raises(ValueError, match=message):
            neck(feats, neck.encode_references([*make_ref_feats(), make_ref_feats()[1]]))

    def test_heads_that_do_not_divide_the_channels_are_refused(self) -> None:
        with pytest.raises(ValueError, match='num_heads must divide in_channels, got 4 heads and 6 channels'):
            make_neck(num_heads=4)


class TestReferences:
    def test_grids_weights_and_a_region_are_kept(self) -> None:
        ref_feats = make_ref_feats(2, shots=3)
        neck = make_neck()
        encoded = neck.encode_references(ref_feats)
        assert encoded.fields == neck.fields == dict(weighted=2, weights=2, region=None)
        assert [tuple(tensor.shape) for tensor in encoded.tensors[:4]] == [(2, CHANNELS, 2, 2)] * 2 + [(2, 1, 2, 2)] * 2
        for grid, weights, feat in zip(encoded['weighted'], encoded['weights'], ref_feats, strict=True):
            cells = feat.mean(dim=1).unflatten(-1, (2, -1)).unflatten(-3, (2, -1)).mean(dim=(-3, -1))
            torch.testing.assert_close(grid, cells)
            assert weights.eq(1).all()
        relation = RelationMatchNeck(**SETTINGS, roi_feat_size=4)
        torch.testing.assert_close(encoded['region'], relation.encode_references(ref_feats)['region'])

    def test_a_map_smaller_than_the_grid_is_the_same_at_all_positions(self) -> None:
        neck, feats = make_neck(), make_feats()
        ref_feats = [feat[..., :1, :1] for feat in make_ref_feats()]
        encoded = neck.encode_references(ref_feats)
        part = neck.attend(feats[0], encoded['weighted'][0], encoded['weights'][0])
        torch.testing.assert_close(part, ref_feats[0][:, 0].expand_as(part))

    @pytest.mark.parametrize('masked', [False, True])
    def test_several_are_meant_at_once_or_later_in_any_order(self, masked: bool) -> None:
        neck, ref_feats, masks = make_neck(), make_ref_feats(shots=3), make_masks(shots=3)
        masks[:, 1, :, 4:] = 0  # A smaller mask counts no less.
        masks[:, 1, :, :4] = 1
        at_once = neck.encode_references(ref_feats, *([masks] if masked else []))
        singles = [
            neck.encode_references([f[:, k : k + 1] for f in ref_feats], *([masks[:, k : k + 1]] if masked else []))
            for k in (2, 0, 1)
        ]
        assert_same(neck.merge_references(EncodedReferences.cat(singles)).tensors, at_once.tensors)

    def test_features_outside_of_the_mask_do_not_count(self) -> None:
        neck, feats, ref_feats = make_neck(), make_feats(), make_ref_feats()
        masks = torch.zeros(1, 1, 1, 16, 16)
        masks[..., 4:12, 8:12] = 1  # Complete positions of the maps, none of two cells of the grid, half of the others.
        before = neck(feats, neck.encode_references(ref_feats, masks))
        plain = neck(feats, neck.encode_references(ref_feats))
        for feat, size in zip(ref_feats, REF_SIZES, strict=True):
            outside = nn.functional.interpolate(masks[0], size, mode='area')[0, 0] == 0
            feat[..., outside] += 100
        assert_same(neck(feats, neck.encode_references(ref_feats, masks)), before)
        assert not any(torch.allclose(level, other) for level, other in zip(before, plain, strict=True))

    def test_an_even_mask_is_none(self) -> None:
        neck, ref_feats = make_neck(), make_ref_feats(2, shots=2)
        masked = neck.encode_references(ref_feats, torch.full((2, 2, 1, 16, 16), 0.25))
        assert_same(masked.tensors, neck.encode_references(ref_feats).tensors)

    def test_gradients_of_a_masked_reference_reach_the_object_alone(self) -> None:
        neck, masks = make_neck(), torch.zeros(1, 1, 1, 16, 16)
        masks[..., :4] = 1
        ref_feats = [feat.requires_grad_() for feat in make_ref_feats()]
        sum(level.square().sum() for level in neck(make_feats(), neck.encode_references(ref_feats, masks))).backward()
        for feat in ref_feats:
            object_columns = feat.shape[-1] // 4
            assert feat.grad[..., :object_columns].ne(0).all()
            assert feat.grad[..., object_columns:].eq(0).all()


class TestDetector:
    """The tiny detector with the paper's head behind the neck."""

    @pytest.fixture
    def model(self, make_model: Callable) -> nn.Module:
        return make_model(match_neck=dict(type='CrossAttentionMatchNeck'))

    @pytest.mark.parametrize('absent_prob', [0.0, 0.5, 1.0])
    def test_a_training_step_reaches_all_parameters(
        self, model: nn.Module, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
    ) -> None:
        assert type(model.roi_head) is BinaryRoIHead
        batch = make_batch(tiny_dataset(absent_prob=absent_prob), 0, 1, 2, 3)
        total, _ = model.train().parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
        total.backward()
        assert total.isfinite()
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
        assert model.match_neck.query_layer.weight.grad.abs().sum() > 0

    def test_many_references_are_found_as_each_is(self, model: nn.Module, test_data: Callable) -> None:
        data = model.data_preprocessor(test_data(31, num_references=2))
        (sample,), (references,) = data['data_samples'], data['ref_inputs']
        with torch.no_grad():
            feats, encoded = model.encode_images(data['inputs']), model.encode_references(references)
            sample.set_metainfo(dict(episodes=None))
            together = model.match_and_detect(feats, encoded, sample)
            for i in range(len(encoded)):
                alone = model.match_and_detect(feats, encoded[i : i + 1], sample)
                torch.testing.assert_close(together.scores[together.episode_ids == i], alone.scores)
