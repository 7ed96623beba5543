"""CoExcitationMatchNeck: what is kept of references, and the matching by it. test_co_excitation has the equations."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmosis.models import CoExcitationMatchNeck
from mmosis.structures import EncodedReferences, MatchedFeatures

CHANNELS, OUT, GRID = 4, 5, 2
SIZES, REF_SIZES = ((8, 6), (4, 3)), ((8, 8), (4, 4))


@pytest.fixture
def neck() -> CoExcitationMatchNeck:
    """Weights as they start, but for those of the attention: they have learnt."""
    torch.manual_seed(0)
    sizes = dict(in_channels=CHANNELS, out_channels=OUT, num_levels=2, grid_size=GRID, reduction=1)
    neck = CoExcitationMatchNeck(**sizes, roi_feat_size=3, ref_level=1)
    neck.init_weights()
    for layer in (neck.co_excitation.to_image, neck.co_excitation.to_reference):
        nn.init.xavier_uniform_(layer.weight)
    return neck


def make_feats(images: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(images, CHANNELS, *size, generator=generator) for size in SIZES]


def make_ref_feats(episodes: int = 1, shots: int = 1) -> list[Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(episodes, shots, CHANNELS, *size, generator=generator) for size in REF_SIZES]


def make_masks(shots: int) -> Tensor:
    """Masks (1, K, 1, 16, 16), another for each of the K."""
    masks = torch.zeros(1, shots, 1, 16, 16)
    for k in range(shots):
        masks[:, k, :, 2 * k : 9 + k, k:11] = 1
    return masks


class TestReferences:
    def test_every_level_is_kept_as_a_grid_and_one_as_a_region(self, neck: CoExcitationMatchNeck) -> None:
        ref_feats = make_ref_feats(episodes=3, shots=2)
        *grids, region = neck.encode_references(ref_feats).tensors
        for grid, feat in zip(grids, ref_feats, strict=True):
            half = feat.shape[-1] // 2
            quarters = feat.mean(dim=1).unflatten(-1, (2, half)).unflatten(-3, (2, half)).mean(dim=(-3, -1))
            torch.testing.assert_close(grid[:, :-1], quarters)
            torch.testing.assert_close(grid[:, -1], torch.ones(3, GRID, GRID))
        torch.testing.assert_close(region, F.adaptive_avg_pool2d(ref_feats[1].mean(dim=1), 3))

    def test_a_small_level_fills_the_grid_as_well(self, neck: CoExcitationMatchNeck) -> None:
        neck.grid_size = 8
        grid = neck.encode_references([feat[..., :3, :3] for feat in make_ref_feats()]).tensors[0]
        assert grid.shape == (1, CHANNELS + 1, 8, 8)

    def test_a_mask_tells_what_counts(self, neck: CoExcitationMatchNeck) -> None:
        """A mask over the left quarter: half of each cell at the left, and the features of that half."""
        mask = torch.zeros(1, 1, 1, 16, 16)
        mask[..., :4] = 1
        ref_feats = make_ref_feats()
        *grids, region = neck.encode_references(ref_feats, mask).tensors
        expected = torch.tensor([0.5, 0.0]).expand(GRID, GRID)
        for grid, feat in zip(grids, ref_feats, strict=True):
            torch.testing.assert_close(grid[0, -1], expected)
            half, quarter = feat.shape[-1] // 2, feat.shape[-1] // 4
            counted = feat[0, 0, ..., :quarter].unflatten(-2, (2, half)).mean(dim=(-2, -1))
            torch.testing.assert_close(grid[0, :-1, :, 0] / 0.5, counted)
        assert region.equal(neck.encode_references(ref_feats)['region'])

    @pytest.mark.parametrize('masked', [False, True])
    def test_several_are_meant_at_once_or_later(self, neck: CoExcitationMatchNeck, masked: bool) -> None:
        ref_feats, masks = make_ref_feats(shots=3), make_masks(3)
        shots = [slice(k, k + 1) for k in range(3)]
        at_once, *singles = (
            neck.encode_references([feat[:, k] for feat in ref_feats], *([masks[:, k]] if masked else []))
            for k in (slice(None), *shots)
        )
        later = neck.merge_references(EncodedReferences.cat(singles))
        backwards = neck.merge_references(EncodedReferences.cat(singles[::-1]))
        for tensor, *others in zip(at_once.tensors, later.tensors, backwards.tensors, strict=True):
            for other in others:
                torch.testing.assert_close(tensor, other)


class TestMatching:
    def test_levels_come_matched_with_both_sides_beside_them(self, neck: CoExcitationMatchNeck) -> None:
        references = neck.encode_references(make_ref_feats(2))
        matched = neck(make_feats(2), references)
        assert isinstance(matched, MatchedFeatures)
        assert [tuple(level.shape) for level in matched] == [(2, OUT, *size) for size in SIZES]
        assert [tuple(level.shape) for level in matched.image_feats] == [(2, CHANNELS, *size) for size in SIZES]
        assert matched.references['region'].shape == (2, CHANNELS, 3, 3)

    def test_it_is_the_block_and_a_convolution_of_each_level(self, neck: CoExcitationMatchNeck) -> None:
        """Cells outside of the mask count nothing; the others are the mean of what it covers."""
        mask = torch.zeros(1, 1, 1, 16, 16)
        mask[..., :8, :] = 1
        feats, ref_feats = make_feats(), make_ref_feats()
        references = neck.encode_references(ref_feats, mask)
        matched = neck(feats, references)
        for level, (feat, ref_feat, conv) in enumerate(zip(feats, ref_feats, neck.convs, strict=True)):
            upper = F.avg_pool2d(ref_feat[0], ref_feat.shape[-1] // 2)[..., :1, :]
            excited, weights = neck.co_excitation(feat, upper, torch.ones(1, 1, 1, 2))
            expected = torch.einsum('oc,echw->eohw', conv.weight[:, :, 0, 0], excited) + conv.bias[:, None, None]
            torch.testing.assert_close(matched[level], expected)
            torch.testing.assert_close(matched.image_feats[level], excited)
        # The last level's weights, which is the region's level.
        torch.testing.assert_close(matched.references['region'], references['region'] * weights)

    def test_one_image_against_many_references_equals_separate_matches(self, neck: CoExcitationMatchNeck) -> None:
        feats, references = make_feats(), neck.encode_references(make_ref_feats(4))
        together = neck(feats, references)
        for i in range(4):
            alone = neck(feats, references[i : i + 1])
            sides = [*zip(together, alone, strict=True), *zip(together.image_feats, alone.image_feats, strict=True)]
            for level, other in (*sides, (together.references['region'], alone.references['region'])):
                torch.testing.assert_close(level[i : i + 1], other)
        repeated = neck([feat.expand(4, -1, -1, -1) for feat in feats], references)
        for level, other in zip(together, repeated, strict=True):
            torch.testing.assert_close(level, other)

    def test_another_reference_changes_its_level(self, neck: CoExcitationMatchNeck) -> None:
        feats, tensors = make_feats(2), neck.encode_references(make_ref_feats(2)).tensors
        before = neck(feats, EncodedReferences.unflatten(tensors, neck.fields))
        for number in range(2):
            swapped = [tensor.flip(0) if i == number else tensor for i, tensor in enumerate(tensors)]
            after = neck(feats, EncodedReferences.unflatten(swapped, neck.fields))
            changed = [not torch.allclose(level, other) for level, other in zip(after, before, strict=True)]
            assert changed == [number == 0, number == 1]

    def test_the_reference_is_heard_before_attention_has_learnt(self, neck: CoExcitationMatchNeck) -> None:
        for layer in (neck.co_excitation.to_image, neck.co_excitation.to_reference):
            nn.init.zeros_(layer.weight)
        feats, ref_feats = make_feats(2), make_ref_feats(2)
        matched = neck(feats, neck.encode_references(ref_feats))
        swapped = neck(feats, neck.encode_references([feat.flip(0) for feat in ref_feats]))
        assert all(not torch.allclose(level, other) for level, other in zip(matched, swapped, strict=True))

    def test_other_levels_or_channels_are_refused(self, neck: CoExcitationMatchNeck) -> None:
        feats, references = make_feats(), neck.encode_references(make_ref_feats())
        narrow = EncodedReferences(grids=[grid[:, 1:] for grid in references['grids']], region=references['region'])
        for given, refs in ((feats[:1], references), (feats, narrow), ([feat[:, 1:] for feat in feats], references)):
            with pytest.raises(ValueError, match=r'CoExcitationMatchNeck has 2 levels of 4 channels, got features of'):
                neck(given, refs)


def test_gradients_reach_image_and_references(neck: CoExcitationMatchNeck) -> None:
    feats = [feat.requires_grad_() for feat in make_feats(2)]
    ref_feats = [feat.requires_grad_() for feat in make_ref_feats(2, shots=2)]
    matched = neck(feats, neck.encode_references(ref_feats))
    sum(level.square().sum() for level in matched).backward()
    for feat in (*feats, *ref_feats):
        assert feat.grad.abs().sum(dim=(-1, -2, -3)).gt(0).all()
    assert all(parameter.grad.abs().sum() > 0 for parameter in neck.parameters())


@pytest.fixture
def coae_model(make_model: Callable) -> nn.Module:
    """The tiny detector with CoAE's parts."""
    model = make_model(
        match_neck=dict(type='CoExcitationMatchNeck', grid_size=4),
        roi_head=dict(
            type='RelationRoIHead',
            relation=dict(type='ConcatRelation', in_channels=8),
            bbox_head=dict(loss_cls=dict(type='MarginRankingLoss')),
        ),
    )
    model.init_weights()
    return model


class TestDetector:
    def test_a_training_step_reaches_all_parameters(self, coae_model: nn.Module, train_data: dict) -> None:
        model = coae_model.train()
        total, log = model.parse_losses(model(**model.data_preprocessor(train_data, True), mode='loss'))
        total.backward()
        assert log['loss_ranking'] > 0
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
        assert model.match_neck.co_excitation.to_image.weight.grad.abs().sum() > 0

    def test_a_batch_with_only_absent_categories_trains_all_parameters(
        self, coae_model: nn.Module, tiny_dataset: Callable, make_batch: Callable
    ) -> None:
        model = coae_model.train()
        batch = model.data_preprocessor(make_batch(tiny_dataset(absent_prob=1.0), 0, 1), True)
        total, _ = model.parse_losses(model(**batch, mode='loss'))
        total.backward()
        assert total.isfinite()
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []

    def test_it_trains_and_searches_in_bfloat16(
        self, coae_model: nn.Module, train_data: dict, test_data: Callable
    ) -> None:
        model, data = coae_model, test_data(31)
        masks = torch.full_like(data['ref_inputs'][0][:, :, :1], 255)
        data['ref_inputs'] = [torch.cat([data['ref_inputs'][0], masks], dim=2)]
        with torch.autocast('cpu', torch.bfloat16):
            total, _ = model.parse_losses(model(**model.data_preprocessor(train_data, True), mode='loss'))
            total.backward()
            with torch.no_grad():
                (sample,) = model.eval().bfloat16()(**model.data_preprocessor(data), mode='predict')
        assert total.isfinite()
        assert len(sample.pred_instances) > 0
