"""HierarchicalRelation: the three relations, by loops over positions, and in the detector."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mmosis.models import HierarchicalRelation
from mmosis.structures import EncodedReferences

C, OUT, SIDE = 8, 5, 3
SIZES = dict(in_channels=C, out_channels=OUT, roi_feat_size=SIDE)
# The third region has the reference of the first.
EPISODES = torch.tensor([1, 0, 1])


@pytest.fixture
def relation() -> HierarchicalRelation:
    torch.manual_seed(0)
    relation = HierarchicalRelation(**SIZES, key_reduction=4)
    for parameter in relation.parameters():
        nn.init.normal_(parameter, std=0.5)
    return relation


def make_maps(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, C, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def relate(relation: HierarchicalRelation, regions: Tensor, references: Tensor, episodes: Tensor = EPISODES) -> Tensor:
    return relation(torch.zeros(len(regions), OUT, SIDE, SIDE), regions, references, episodes).feats


class TestEquations:
    """One region and one reference, position by position."""

    @torch.no_grad()
    def test_the_result_is_that_of_the_equations(self, relation: HierarchicalRelation) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        got = relate(relation, regions, references)
        assert got.shape == (3, OUT, SIDE, SIDE)
        for region, episode, feats in zip(regions, EPISODES, got, strict=True):
            torch.testing.assert_close(feats, self.by_loops(relation, region, references[episode]))

    @staticmethod
    def by_loops(relation: HierarchicalRelation, x: Tensor, r: Tensor) -> Tensor:
        keys_x, keys_r = (TestEquations.keys(*args) for args in ((relation.key_region, x), (relation.key_reference, r)))
        weight, bias = relation.reduce.weight[:, :, 0, 0], relation.reduce.bias
        reference = r.flatten(1).unbind(1)
        g = sum(reference) / len(reference)
        result = []
        for here, key in zip(x.flatten(1).unbind(1), keys_x, strict=True):
            exponents = torch.stack([(key * key_r).sum() for key_r in keys_r]).exp()
            a = sum(weight * there for weight, there in zip(exponents / exponents.sum(), reference, strict=True))
            contrastive, salient, attention = (
                weight @ each + bias for each in ((g - here).abs(), g * here, (a - here).abs())
            )
            by_mean = weight @ torch.cat([salient, contrastive]) + bias
            related = relation.relate.weight[:, :, 0, 0] @ torch.cat([by_mean, attention, here])
            result.append(related + relation.relate.bias)
        return torch.stack(result, dim=1).reshape(OUT, SIDE, SIDE)

    @staticmethod
    def keys(conv: nn.Conv2d, feats: Tensor) -> list[Tensor]:
        """Convolve 3x3, with zeros around; the keys of all positions, row by row."""
        padded = nn.functional.pad(feats, (1, 1, 1, 1))
        return [
            torch.einsum('ocyx,cyx->o', conv.weight, padded[:, i : i + 3, j : j + 3]) + conv.bias
            for i in range(SIDE)
            for j in range(SIDE)
        ]

    def test_sizes_are_the_papers(self) -> None:
        relation = HierarchicalRelation(in_channels=256, out_channels=384, roi_feat_size=7)
        shapes = {name: tuple(parameter.shape) for name, parameter in relation.named_parameters()}
        assert shapes == {
            'key_region.weight': (32, 256, 3, 3),
            'key_region.bias': (32,),
            'key_reference.weight': (32, 256, 3, 3),
            'key_reference.bias': (32,),
            'reduce.weight': (128, 256, 1, 1),
            'reduce.bias': (128,),
            'relate.weight': (384, 512, 1, 1),
            'relate.bias': (384,),
        }

    @torch.no_grad()
    def test_a_mirrored_reference_is_laid_out_as_the_region(self) -> None:
        """Keys are the features themselves, large and at right angles: each position finds its own."""
        relation = HierarchicalRelation(in_channels=10, out_channels=OUT, roi_feat_size=SIDE, key_reduction=1)
        for conv in (relation.key_region, relation.key_reference):
            nn.init.dirac_(conv.weight)
            nn.init.zeros_(conv.bias)
        region = 10 * torch.eye(10)[: SIDE * SIDE].T.reshape(1, 10, SIDE, SIDE)
        mirrored = region.flip(3)
        assert not torch.allclose(mirrored, region)
        torch.testing.assert_close(relation.lay_out(mirrored, region, torch.tensor([0])), region)


class TestContract:
    @torch.no_grad()
    def test_matched_features_are_not_read(self, relation: HierarchicalRelation) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        related = relation(torch.rand(3, OUT, SIDE, SIDE), regions, references, EPISODES)
        assert related.feats.equal(relate(relation, regions, references))
        assert related.logits == 0

    @torch.no_grad()
    def test_a_region_hears_its_own_reference_alone(self, relation: HierarchicalRelation) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        together = relate(relation, regions, references)
        for i, episode in enumerate(EPISODES):
            alone = relate(relation, regions[i : i + 1], references[episode, None], torch.tensor([0]))
            torch.testing.assert_close(together[i : i + 1], alone)
        swapped = relate(relation, regions, references.flip(0))
        assert all(not torch.allclose(one, other) for one, other in zip(together, swapped, strict=True))

    def test_both_sides_and_all_weights_learn(self, relation: HierarchicalRelation) -> None:
        regions, references = make_maps(3).requires_grad_(), make_maps(2, seed=2).requires_grad_()
        relate(relation, regions, references).square().sum().backward()
        assert all(side.grad.abs().sum(dim=(1, 2, 3)).gt(0).all() for side in (regions, references))
        assert all(parameter.grad.abs().sum() > 0 for parameter in relation.parameters())

    def test_no_regions(self, relation: HierarchicalRelation) -> None:
        related = relate(relation, make_maps(0), make_maps(2), EPISODES[:0])
        related.sum().backward()
        assert related.shape == (0, OUT, SIDE, SIDE)
        assert all(parameter.grad is not None for parameter in relation.parameters())

    @torch.no_grad()
    @pytest.mark.parametrize('kept_as', [torch.float32, torch.bfloat16])
    def test_bfloat16(self, relation: HierarchicalRelation, kept_as: torch.dtype) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        with torch.autocast('cpu', torch.bfloat16):
            related = relate(relation, regions, references.to(kept_as))
        torch.testing.assert_close(related.float(), relate(relation, regions, references), atol=0.2, rtol=0.1)

    def test_it_starts_as_there(self) -> None:
        relation = HierarchicalRelation(**SIZES)
        relation.init_weights()
        assert all((conv.bias == 0).all() for conv in relation.children())
        limit = (6 / (2 * C + OUT)) ** 0.5
        assert 0.5 * limit < relation.relate.weight.abs().max() <= limit

    @pytest.mark.parametrize(('channels', 'reduction'), [(9, 3), (12, 8)])
    def test_channels_must_be_divisible(self, channels: int, reduction: int) -> None:
        message = f'in_channels must be a multiple of 2 and of key_reduction, got {channels} and {reduction}'
        with pytest.raises(ValueError, match=message):
            HierarchicalRelation(in_channels=channels, out_channels=4, roi_feat_size=7, key_reduction=reduction)


class TestDetector:
    """In the tiny detector, with BHRL's loss."""

    @pytest.fixture
    def model(self, make_model: Callable) -> nn.Module:
        return make_model(
            match_neck=dict(type='RelationMatchNeck'),
            roi_head=dict(
                type='RelationRoIHead',
                relation=dict(type='HierarchicalRelation', in_channels=8),
                bbox_head=dict(loss_cls=dict(type='RatioPreservingLoss')),
            ),
        )

    @torch.no_grad()
    def test_many_references_to_one_image_equal_separate_searches(self, model: nn.Module) -> None:
        feats = model.encode_images(torch.rand(1, 3, 64, 64))
        references = model.encode_references(torch.rand(3, 2, 3, 32, 32))
        rois = torch.tensor([[float(i), 4, 4, 30, 30] for i in range(3)])
        together = model.roi_head._bbox_forward(model.match_neck(feats, references), rois)
        for i in range(3):
            alone = model.roi_head._bbox_forward(model.match_neck(feats, references[i : i + 1]), rois[:1])
            for name in ('cls_score', 'bbox_pred'):
                torch.testing.assert_close(together[name][i : i + 1], alone[name])

    @torch.no_grad()
    def test_another_region_of_the_reference_changes_scores_and_boxes(self, model: nn.Module) -> None:
        feats = model.encode_images(torch.rand(1, 3, 64, 64))
        references = model.encode_references(torch.rand(1, 1, 3, 32, 32))
        region = references['region']
        roi = torch.tensor([[0.0, 4, 4, 30, 30]])
        one, other = (
            model.roi_head._bbox_forward(
                model.match_neck(feats, EncodedReferences(vectors=references['vectors'], region=each)), roi
            )
            for each in (region, torch.rand_like(region))
        )
        assert not any(torch.allclose(one[name], other[name]) for name in ('cls_score', 'bbox_pred'))

    @pytest.mark.parametrize('absent_prob', [0.0, 0.5, 1.0])
    def test_a_training_step_reaches_all_parameters(
        self, model: nn.Module, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
    ) -> None:
        batch = make_batch(tiny_dataset(absent_prob=absent_prob, num_references=2), 0, 1, 2, 3)
        model.train()
        total, log = model.parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
        total.backward()
        assert total.isfinite()
        assert log['loss_cls'] > 0
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
        relation = model.roi_head.relation
        assert all(conv.weight.grad.abs().sum() > 0 for conv in relation.children())

    def test_a_training_step_in_bfloat16(self, model: nn.Module, train_data: dict) -> None:
        with torch.autocast('cpu', torch.bfloat16):
            losses = model.train()(**model.data_preprocessor(train_data, True), mode='loss')
        total, _ = model.parse_losses(losses)
        total.backward()
        assert total.isfinite()
        assert model.roi_head.relation.relate.weight.grad.isfinite().all()

    def test_masked_references_train_and_predict(
        self, model: nn.Module, tiny_dataset: Callable, tiny_pipelines: dict, make_batch: Callable
    ) -> None:
        load, *rest = tiny_pipelines['ref']
        settings = dict(
            num_references=2,
            ref_pipeline=[load, dict(type='LoadReferenceMask'), *rest],
            reference_sampler=dict(type='ReferenceSampler', with_masks=True),
        )
        data = model.data_preprocessor(make_batch(tiny_dataset(**settings), 0, 1), True)
        assert data['ref_inputs'].shape[2] == 4
        assert model.parse_losses(model(**data, mode='loss'))[0].isfinite()
        found = model.test_step(make_batch(tiny_dataset(test_mode=True, phase='all', **settings), 0))
        assert all(sample.pred_instances.scores.isfinite().all() and len(sample.pred_instances) for sample in found)
