"""Which of the batch's references a region shows."""

from types import SimpleNamespace

import pytest
import torch

from mmosis.models.roi_heads.relation_roi_head import contrastive_loss, matching_regions

LOGITS = torch.tensor([[2.0, 0.5, -1.0], [0.0, 1.0, 3.0]])


def test_it_is_the_cross_entropy_of_the_own_reference() -> None:
    loss = contrastive_loss(LOGITS, own=torch.tensor([0, 1]), cat_ids=torch.tensor([7, 8, 9]))
    probs = LOGITS.exp() / LOGITS.exp().sum(dim=1, keepdim=True)
    torch.testing.assert_close(loss, -(probs[0, 0].log() + probs[1, 1].log()) / 2)


def test_another_reference_of_the_same_category_is_no_other_one() -> None:
    loss = contrastive_loss(LOGITS[:1], own=torch.tensor([0]), cat_ids=torch.tensor([7, 7, 9]))
    probs = LOGITS[0, [0, 2]].exp() / LOGITS[0, [0, 2]].exp().sum()
    torch.testing.assert_close(loss, -probs[0].log())


def test_where_all_are_of_one_category_nothing_is_decided() -> None:
    assert contrastive_loss(LOGITS, own=torch.tensor([0, 1]), cat_ids=torch.tensor([7, 7, 7])) == 0


def test_of_no_regions_it_is_nothing_with_a_gradient() -> None:
    logits = torch.zeros(0, 3, requires_grad=True)
    loss = contrastive_loss(logits, own=torch.zeros(0, dtype=torch.long), cat_ids=torch.tensor([7, 8, 9]))
    loss.backward()
    assert loss == 0
    assert logits.grad is not None


@pytest.mark.parametrize('matches', [[2, 0, 1], [0, 0, 0]])
def test_regions_that_match_come_first_in_each_episode(matches: list[int]) -> None:
    results = [SimpleNamespace(pos_priors=torch.rand(number, 4), priors=torch.rand(3, 4)) for number in matches]
    found, own = matching_regions(results, torch.device('cpu'))
    assert found.tolist() == [place < number for number in matches for place in range(3)]
    assert own.tolist() == [episode for episode, number in enumerate(matches) for _ in range(number)]
