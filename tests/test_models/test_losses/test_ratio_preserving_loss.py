"""RatioPreservingLoss: two means with fixed weights, whatever the numbers."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mmosis.models import RatioPreservingLoss

MATCH, NONE = 0, 1
# Logits of match minus none: taken for a match, or not.
YES, NO = 2.0, -1.0


def make_case(*regions: tuple[int, float]) -> tuple[Tensor, Tensor]:
    """Scores (N, 2), which take a gradient, and labels (N,), of pairs of label and logit."""
    scores = torch.tensor([[0.5 + logit, 0.5] for _, logit in regions]).reshape(-1, 2).requires_grad_()
    return scores, torch.tensor([label for label, _ in regions], dtype=torch.long)


def surprise(label: int, logit: float) -> float:
    """-log of the probability of the label."""
    return math.log1p(math.exp(-logit if label == MATCH else logit))


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def expected(regions: list[tuple[int, float]], alpha: float = 0.25) -> float:
    """BHRL's loss, region by region."""
    positives = [surprise(*region) for region in regions if region[0] == MATCH]
    false_positives = [surprise(*region) for region in regions if region[0] == NONE and region[1] > 0]
    true_negatives = [surprise(*region) for region in regions if region[0] == NONE and region[1] < 0]
    return alpha * mean(positives + false_positives) + (1 - alpha) * mean(true_negatives)


CASES = {
    'hard and easy': [(MATCH, YES), (MATCH, NO), (NONE, YES), (NONE, NO), (NONE, NO), (NONE, 3 * NO)],
    'no match': [(NONE, YES), (NONE, NO), (NONE, 2 * NO)],
    'true non-matches alone': [(NONE, NO), (NONE, 2 * NO)],
    'false matches alone': [(NONE, YES), (NONE, 2 * YES)],
    'matches alone': [(MATCH, YES), (MATCH, NO)],
    'no true non-match': [(MATCH, YES), (NONE, YES)],
    'one': [(NONE, NO)],
}
each_case = pytest.mark.parametrize('regions', CASES.values(), ids=CASES)


class TestEquation:
    @each_case
    @pytest.mark.parametrize('alpha', [0.25, 0.6])
    def test_weights_of_two_means(self, regions: list, alpha: float) -> None:
        loss = RatioPreservingLoss(alpha)(*make_case(*regions))
        torch.testing.assert_close(loss, torch.tensor(expected(regions, alpha)))

    @each_case
    def test_as_a_box_head_asks(self, regions: list) -> None:
        weight, avg_factor = torch.ones(len(regions)), float(len(regions))
        loss = RatioPreservingLoss()(*make_case(*regions), weight, avg_factor=avg_factor, reduction_override=None)
        torch.testing.assert_close(loss, torch.tensor(expected(regions)))

    def test_weights_of_single_regions(self) -> None:
        """5 regions: 2 hard ones, which weigh 0.25 * 5 / 2, and 3 easy ones, which weigh 0.75 * 5 / 3."""
        regions = [(MATCH, NO), (NONE, NO), (NONE, YES), (NONE, NO), (NONE, NO)]
        losses = RatioPreservingLoss(reduction='none')(*make_case(*regions))
        weights = [loss / surprise(*region) for loss, region in zip(losses.tolist(), regions, strict=True)]
        assert weights == pytest.approx([0.625, 1.25, 0.625, 1.25, 1.25])

    @pytest.mark.parametrize('times', [1, 50])
    def test_more_of_what_is_easy_changes_nothing(self, times: int) -> None:
        regions = [(MATCH, YES), (NONE, YES), *[(NONE, NO)] * times]
        loss = RatioPreservingLoss()(*make_case(*regions))
        wanted = 0.25 * (surprise(MATCH, YES) + surprise(NONE, YES)) / 2 + 0.75 * surprise(NONE, NO)
        assert loss.item() == pytest.approx(wanted)

    def test_equal_scores_are_no_match(self) -> None:
        loss = RatioPreservingLoss()(*make_case((NONE, 0.0), (NONE, NO), (MATCH, YES)))
        wanted = 0.25 * surprise(MATCH, YES) + 0.75 * (surprise(NONE, 0.0) + surprise(NONE, NO)) / 2
        assert loss.item() == pytest.approx(wanted)

    def test_gradients_are_those_of_fixed_weights(self) -> None:
        scores, labels = make_case(*CASES['hard and easy'])
        RatioPreservingLoss()(scores, labels).backward()
        weights = torch.tensor([0.25 / 3] * 3 + [0.75 / 3] * 3)
        one_hot = torch.nn.functional.one_hot(labels, 2)
        torch.testing.assert_close(scores.grad, weights[:, None] * (scores.detach().softmax(dim=1) - one_hot))


class TestConventions:
    def test_regions_of_weight_0_are_not_there(self) -> None:
        regions = CASES['hard and easy']
        scores, labels = make_case(*regions, (MATCH, NO), (NONE, YES), (NONE, NO))
        weight = torch.tensor([1.0] * len(regions) + [0.0] * 3)
        loss = RatioPreservingLoss()(scores, labels, weight, avg_factor=len(regions))
        assert loss.item() == pytest.approx(expected(regions))

    def test_weights_multiply_those_of_the_ratio(self) -> None:
        case, weight = make_case((MATCH, NO), (NONE, NO)), torch.tensor([3.0, 0.5])
        plain = RatioPreservingLoss(reduction='none')(*case)
        torch.testing.assert_close(RatioPreservingLoss(reduction='none')(*case, weight), plain * weight)

    def test_reductions(self) -> None:
        case = make_case(*CASES['hard and easy'])
        each = RatioPreservingLoss()(*case, reduction_override='none')
        assert each.shape == (6,)
        torch.testing.assert_close(RatioPreservingLoss(reduction='sum')(*case), each.sum())
        torch.testing.assert_close(RatioPreservingLoss()(*case, avg_factor=4), each.sum() / 4)
        torch.testing.assert_close(RatioPreservingLoss(loss_weight=2.0)(*case), 2 * each.mean())
        with pytest.raises(ValueError, match='avg_factor can not be used with reduction="sum"'):
            RatioPreservingLoss(reduction='sum')(*case, avg_factor=4)

    @pytest.mark.parametrize('avg_factor', [None, 1.0])
    def test_of_no_regions_it_is_0_with_a_gradient(self, avg_factor: float | None) -> None:
        scores, labels = make_case()
        loss = RatioPreservingLoss()(scores, labels, torch.zeros(0), avg_factor=avg_factor)
        loss.backward()
        assert loss.item() == 0
        assert scores.grad.shape == (0, 2)

    def test_where_all_weights_are_0_it_is_0(self) -> None:
        assert RatioPreservingLoss()(*make_case(*CASES['hard and easy']), torch.zeros(6), avg_factor=1.0).item() == 0

    def test_bfloat16(self) -> None:
        scores, labels = make_case(*CASES['hard and easy'])
        loss = RatioPreservingLoss()(scores.bfloat16(), labels)
        assert loss.item() == pytest.approx(expected(CASES['hard and easy']), rel=0.02)

    @pytest.mark.parametrize('alpha', [-0.1, 1.1])
    def test_alpha_is_a_fraction(self, alpha: float) -> None:
        with pytest.raises(ValueError, match=f'alpha is the total weight of the hard regions, 0 to 1, got {alpha}'):
            RatioPreservingLoss(alpha)

    def test_it_knows_no_sigmoid(self) -> None:
        with pytest.raises(ValueError, match='takes two logits a region: use_sigmoid must be False'):
            RatioPreservingLoss(use_sigmoid=True)

    def test_it_knows_one_class(self) -> None:
        with pytest.raises(ValueError, match=r'takes logits \(N, 2\) of match and non-match, got \(4, 3\)'):
            RatioPreservingLoss()(torch.zeros(4, 3), torch.zeros(4, dtype=torch.long))


class TestDetector:
    @pytest.fixture
    def model(self, make_model: Callable) -> torch.nn.Module:
        return make_model(roi_head=dict(bbox_head=dict(loss_cls=dict(type='RatioPreservingLoss')))).train()

    def test_a_config_replaces_the_type_alone(self, model: torch.nn.Module) -> None:
        loss = model.roi_head.bbox_head.loss_cls
        assert isinstance(loss, RatioPreservingLoss)
        assert (loss.alpha, loss.loss_weight) == (0.25, 2.0)
        assert not model.roi_head.bbox_head.custom_activation

    @pytest.mark.parametrize('absent_prob', [0.0, 1.0])
    def test_a_training_step_reaches_all_parameters(
        self, model: torch.nn.Module, tiny_dataset: Callable, make_batch: Callable, absent_prob: float
    ) -> None:
        batch = make_batch(tiny_dataset(absent_prob=absent_prob), 0, 1)
        total, log = model.parse_losses(model(**model.data_preprocessor(batch, True), mode='loss'))
        total.backward()
        assert total.isfinite()
        assert log['loss_cls'] > 0
        assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []

    def test_an_rpn_takes_it_too(self, make_model: Callable, train_data: dict) -> None:
        model = make_model(rpn_head=dict(loss_cls=dict(type='RatioPreservingLoss'))).train()
        assert isinstance(model.rpn_head.loss_cls, RatioPreservingLoss)
        total, _ = model.parse_losses(model(**model.data_preprocessor(train_data, True), mode='loss'))
        assert total.isfinite()
