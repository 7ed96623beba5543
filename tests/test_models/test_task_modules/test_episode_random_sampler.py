"""EpisodeRandomSampler: regions are a function of (seed, draw)."""

import pytest
import torch
from mmdet.models.task_modules import AssignResult
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

NUM_PRIORS, NUM_SAMPLED = 200, 20


def sample(draw: tuple[int, int] | None) -> torch.Tensor:
    """Indices of the regions that are sampled: 8 of 40 positive and 12 of 160 negative ones."""
    sampler = TASK_UTILS.build(
        dict(type='EpisodeRandomSampler', num=NUM_SAMPLED, pos_fraction=0.4, add_gt_as_proposals=False)
    )
    gt_inds = (torch.arange(NUM_PRIORS) < 40).long()
    assigned = AssignResult(1, gt_inds, gt_inds.float(), labels=torch.zeros(NUM_PRIORS, dtype=torch.long))
    metainfo = {} if draw is None else dict(draw=draw)
    truth = InstanceData(bboxes=torch.tensor([[0.0, 0, 10, 10]]), labels=torch.zeros(1, dtype=torch.long))
    truth.set_metainfo(metainfo)
    result = sampler.sample(assigned, InstanceData(priors=torch.zeros(NUM_PRIORS, 4)), truth)
    assert (len(result.pos_inds), len(result.neg_inds)) == (8, 12)
    assert (result.pos_inds < 40).all()
    assert (result.neg_inds >= 40).all()
    return torch.cat([result.pos_inds, result.neg_inds])


def test_the_choice_is_a_function_of_seed_and_draw() -> None:
    torch.manual_seed(1)
    first = sample((7, 3))
    torch.manual_seed(2)
    assert torch.equal(first, sample((7, 3)))
    assert not torch.equal(first, sample((7, 4)))
    assert not torch.equal(first, sample((8, 3)))


def test_torchs_generator_is_left_as_it_was() -> None:
    before = torch.get_rng_state()
    sample((7, 3))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_sample_without_its_draw_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs the draw \(seed, number\) of a sample.*use type='RandomSampler'"):
        sample(None)
