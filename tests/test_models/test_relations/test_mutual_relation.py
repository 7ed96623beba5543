"""MutualRelation: cells of both sides matched with the other's, by loops over cells, and in the detector."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from mmosis.models import MutualRelation
from mmosis.structures import EncodedReferences

C, OUT, SIDE, EMBED = 8, 5, 3, 6
SIZES = dict(in_channels=C, out_channels=OUT, roi_feat_size=SIDE)
EPISODES = torch.tensor([1, 0, 1])


@pytest.fixture
def relation() -> MutualRelation:
    torch.manual_seed(0)
    relation = MutualRelation(**SIZES, embed_channels=EMBED, temperature=4.0)
    for parameter in (relation.embed_layer.weight, relation.relate_region.weight, relation.relate_reference.weight):
        nn.init.normal_(parameter, std=0.5)
    return relation


def make_maps(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, C, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def relate(relation: MutualRelation, regions: Tensor, references: Tensor, episodes: Tensor = EPISODES) -> tuple:
    return relation(torch.zeros(len(regions), OUT, SIDE, SIDE), regions, references, episodes)


class ByLoops:
    """The comparison of one region and one reference, cell by cell."""

    def __init__(self, relation: MutualRelation, region: Tensor, reference: Tensor) -> None:
        self.relation = relation
        self.cells, self.others = self.embed(region), self.embed(reference)

    def embed(self, maps: Tensor) -> list[Tensor]:
        layer = self.relation.embed_layer
        vectors = [layer.weight[:, :, 0, 0] @ cell + layer.bias for cell in maps.flatten(1).unbind(1)]
        return [vector / vector.norm() for vector in vectors]

    def feats(self) -> Tensor:
        of_region, of_reference = self.relation.relate_region, self.relation.relate_reference
        rests = [self.rest(cell, self.others) for cell in self.cells]
        missing = [of_reference.weight @ self.rest(cell, self.cells) + of_reference.bias for cell in self.others]
        missing = sum(missing) / len(missing)
        cells = [of_region.weight @ rest + of_region.bias + missing for rest in rests]
        return torch.stack(cells, dim=1).reshape(OUT, SIDE, SIDE)

    def rest(self, cell: Tensor, others: list[Tensor]) -> Tensor:
        weights = torch.stack([(4.0 * (cell @ other)).exp() for other in others])
        like = sum(weight * other for weight, other in zip(weights / weights.sum(), others, strict=True))
        return (cell - like).abs() * EMBED**0.5

    def similarity(self) -> Tensor:
        best = [max(cell @ other for other in self.others) for cell in self.cells]
        ref_best = [max(cell @ other for cell in self.cells) for other in self.others]
        return 4.0 * (sum(best) / len(best) + sum(ref_best) / len(ref_best)) / 2


class TestEquations:
    @torch.no_grad()
    def test_features_and_logits_are_those_of_the_equations(self, relation: MutualRelation) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        feats, logits = relate(relation, regions, references)
        for i, episode in enumerate(EPISODES):
            loops = ByLoops(relation, regions[i], references[episode])
            torch.testing.assert_close(feats[i], loops.feats())
            torch.testing.assert_close(logits[i], loops.similarity() + relation.bias)

    @torch.no_grad()
    def test_similarities_are_those_of_all_regions_and_references(self, relation: MutualRelation) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        similarities = relation.similarities(regions, references)
        assert similarities.shape == (3, 2)
        for i, region in enumerate(regions):
            for j, reference in enumerate(references):
                torch.testing.assert_close(similarities[i, j], ByLoops(relation, region, reference).similarity())

    @torch.no_grad()
    def test_it_matters_what_is_shown_and_not_where(self, relation: MutualRelation) -> None:
        """A reference that is mirrored is as similar as it was; one half of it is not."""
        reference = make_maps(1)
        mirrored, half = reference.flip(3), torch.cat([reference[..., :1]] * SIDE, dim=3)
        same, turned, less = relation.similarities(torch.cat([reference, mirrored, half]), reference)[:, 0]
        torch.testing.assert_close(same, torch.tensor(4.0))
        torch.testing.assert_close(turned, same)
        assert less < same

    @torch.no_grad()
    def test_what_the_region_lacks_counts_as_what_it_has_too_much(self, relation: MutualRelation) -> None:
        complete = make_maps(1)
        part = torch.cat([complete[..., :1]] * SIDE, dim=3)
        both = torch.stack([relation.similarities(part, complete), relation.similarities(complete, part)])
        torch.testing.assert_close(both[0], both[1])
        assert (both < 4.0 - 1e-3).all()


class TestContract:
    @torch.no_grad()
    def test_a_region_hears_its_own_reference_alone(self, relation: MutualRelation) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        together = relate(relation, regions, references)
        for i, episode in enumerate(EPISODES):
            alone = relate(relation, regions[i : i + 1], references[episode, None], torch.tensor([0]))
            torch.testing.assert_close(together.feats[i : i + 1], alone.feats)
            torch.testing.assert_close(together.logits[i : i + 1], alone.logits)
        swapped = relate(relation, regions, references.flip(0))
        assert not torch.isclose(together.logits, swapped.logits).any()

    @torch.no_grad()
    def test_matched_features_stay_beneath(self, relation: MutualRelation) -> None:
        matched, regions, references = torch.rand(3, OUT, SIDE, SIDE), make_maps(3), make_maps(2, seed=2)
        added = relation(matched, regions, references, EPISODES).feats - matched
        torch.testing.assert_close(added, relate(relation, regions, references).feats)

    def test_both_sides_and_all_weights_learn(self, relation: MutualRelation) -> None:
        regions, references = make_maps(3).requires_grad_(), make_maps(2, seed=2).requires_grad_()
        related = relate(relation, regions, references)
        (related.feats.square().sum() + related.logits.sum()).backward()
        assert all(side.grad.abs().sum(dim=(1, 2, 3)).gt(0).all() for side in (regions, references))
        assert all(parameter.grad.abs().sum() > 0 for parameter in relation.parameters())

    def test_no_regions(self, relation: MutualRelation) -> None:
        related = relate(relation, make_maps(0), make_maps(2), EPISODES[:0])
        (related.feats.sum() + related.logits.sum()).backward()
        assert related.feats.shape == (0, OUT, SIDE, SIDE)
        assert related.logits.shape == (0,)
        assert relation.similarities(make_maps(0), make_maps(2)).shape == (0, 2)
        assert all(parameter.grad is not None for parameter in relation.parameters())

    @torch.no_grad()
    @pytest.mark.parametrize('kept_as', [torch.float32, torch.bfloat16])
    def test_bfloat16(self, relation: MutualRelation, kept_as: torch.dtype) -> None:
        regions, references = make_maps(3), make_maps(2, seed=2)
        with torch.autocast('cpu', torch.bfloat16):
            related = relate(relation, regions, references.to(kept_as))
        exact = relate(relation, regions, references)
        torch.testing.assert_close(related.feats.float(), exact.feats, atol=0.2, rtol=0.1)
        torch.testing.assert_close(related.logits.float(), exact.logits, atol=0.2, rtol=0.1)


class TestDetector:
    @pytest.fixture
    def make_mutual_model(self, make_model: Callable) -> Callable[[], nn.Module]:
        relation = dict(type='MutualRelation', in_channels=8, embed_channels=16)
        return lambda: make_model(
            match_neck=dict(type='RelationMatchNeck'),
            roi_head=dict(type='RelationRoIHead', relation=relation, competition=0.5),
        )

    @pytest.mark.parametrize('absent_prob', [0.0, 0.5, 1.0])
    def test_a_training_step_reaches_all_parameters(
        self, make_mutual_model: Callable, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
    ) -> None:
        model = make_mutual_model().train()
        batch = make_batch(tiny_dataset(absent_prob=absent_prob, num_episodes=2), 0, 1, 2)
        total, log = model.parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
        total.backward()
        assert total.isfinite()
        assert log['loss_competition'] > 0
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []

    @torch.no_grad()
    def test_another_region_of_the_reference_changes_scores(self, make_mutual_model: Callable) -> None:
        model = make_mutual_model()
        feats = model.encode_images(torch.rand(1, 3, 64, 64))
        references = model.encode_references(torch.rand(2, 1, 3, 32, 32))
        rois = torch.tensor([[0.0, 4, 4, 30, 30], [1.0, 4, 4, 30, 30]])
        scores = [
            model.roi_head._bbox_forward(
                model.match_neck(feats, EncodedReferences(vectors=references['vectors'], region=region)), rois
            )['cls_score']
            for region in (references['region'], references['region'].flip(0))
        ]
        assert not torch.allclose(*scores)
