"""MarginRankingLoss against the equations, and against the way of CoAE's code."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from mmdet.models import CrossEntropyLoss
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.models import MarginRankingLoss


def make_loss(**settings) -> MarginRankingLoss:
    return MODELS.build(dict(type='MarginRankingLoss', **settings))


def make_regions(regions: int = 12) -> tuple[Tensor, Tensor]:
    """Logits (R, 2) and labels (R,), 0 for a match."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(regions, 2, generator=generator) * 2, torch.randint(2, (regions,), generator=generator)


def ranking_of_pairs(scores: Tensor, labels: Tensor, upper: float, lower: float) -> Tensor:
    """The paper's sum over pairs i < j, a pair at a time, and with j < i the mean over all."""
    total = 0.0
    for i in range(len(scores)):
        for j in range(i + 1, len(scores)):
            difference = abs(scores[i] - scores[j])
            cost = difference - lower if labels[i] == labels[j] else upper - difference
            total += max(0.0, cost)
    return 2 * total / len(scores) ** 2


def test_it_is_the_papers_cost_of_pairs() -> None:
    cls_score, labels = make_regions()
    scores = torch.sigmoid(cls_score[:, 0] - cls_score[:, 1])
    for upper, lower in ((0.7, 0.3), (0.9, 0.1)):
        loss = make_loss(upper=upper, lower=lower, ranking_weight=1.0)(cls_score, labels)['loss_ranking']
        torch.testing.assert_close(loss, ranking_of_pairs(scores, labels, upper, lower))
        assert loss > 0


def test_by_default_it_is_the_loss_of_coaes_code() -> None:
    """Which is three times PyTorch's ranking of differences against 0 or 1, with a negative margin."""
    cls_score, labels = make_regions()
    scores = cls_score.softmax(dim=1)[:, 0]
    differ = (labels[:, None] != labels).float()
    expected = 3 * nn.MarginRankingLoss(margin=-0.3)((scores[:, None] - scores).abs(), differ, 2 * differ - 1)
    torch.testing.assert_close(make_loss()(cls_score, labels)['loss_ranking'], expected)


def test_the_cross_entropy_stays_as_it_is() -> None:
    cls_score, labels = make_regions()
    settings = dict(use_sigmoid=False, loss_weight=2.0)
    given = (cls_score, labels, torch.rand(12))
    expected = CrossEntropyLoss(**settings)(*given, avg_factor=5.0, reduction_override=None)
    losses = make_loss(**settings)(*given, avg_factor=5.0, reduction_override=None)
    assert set(losses) == {'loss_cls', 'loss_ranking'}
    torch.testing.assert_close(losses['loss_cls'], expected)
    torch.testing.assert_close(
        losses['loss_cls'], 2 * (F.cross_entropy(*given[:2], reduction='none') * given[2]).sum() / 5
    )


def test_regions_without_weight_are_in_no_pair() -> None:
    cls_score, labels = make_regions()
    weight = torch.ones(12)
    weight[8:] = 0
    ranked = make_loss()(cls_score, labels, weight)['loss_ranking']
    torch.testing.assert_close(ranked, make_loss()(cls_score[:8], labels[:8])['loss_ranking'])
    assert make_loss()(cls_score, labels, torch.zeros(12), avg_factor=1.0)['loss_ranking'] == 0


def test_scores_that_are_ranked_cost_nothing() -> None:
    cls_score, labels = torch.tensor([[3.0, 0.0], [2.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0, 1])
    assert make_loss()(cls_score, labels)['loss_ranking'] == 0


def test_matches_rise_and_others_fall() -> None:
    cls_score, labels = torch.zeros(4, 2), torch.tensor([0, 1, 1, 1])
    cls_score[0, 0] = 0.1
    cls_score.requires_grad_()
    make_loss()(cls_score, labels)['loss_ranking'].backward()
    assert cls_score.grad[:, 0].lt(0).tolist() == [True, False, False, False]
    assert cls_score.grad.isfinite().all()


def test_half_precision_is_ranked_in_full() -> None:
    cls_score, labels = make_regions()
    losses = make_loss()(cls_score.bfloat16(), labels, torch.ones(12), avg_factor=12.0)
    assert losses['loss_ranking'].dtype == torch.float32


@pytest.mark.parametrize('wrong', ['use_sigmoid', 'use_mask'])
def test_scores_of_one_column_are_refused(wrong: str) -> None:
    with pytest.raises(
        ValueError, match=r'ranks by the softmax of match and non-match: do not set use_sigmoid or use_mask'
    ):
        make_loss(**{wrong: True})


def test_a_box_head_gives_both_losses(make_model: Callable, train_data: dict) -> None:
    """From the config alone, beside the accuracy, which mmdet still logs."""
    model = make_model(roi_head=dict(bbox_head=dict(loss_cls=dict(type='MarginRankingLoss')))).train()
    losses = model(**model.data_preprocessor(train_data, True), mode='loss')
    assert {'loss_cls', 'loss_ranking', 'acc', 'loss_bbox', 'loss_mask'} <= set(losses)
    losses['loss_ranking'].backward()
    assert model.roi_head.bbox_head.fc_cls.weight.grad.abs().sum() > 0
