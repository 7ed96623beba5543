"""ClassAgnosticRPNHead: all objects of the training's categories are some to the RPN, matches alone to the RoI head."""

from collections.abc import Callable

import pytest
import torch
from mmdet.models import RPNHead
from mmdet.models.task_modules import AssignResult
from mmengine.structures import InstanceData
from torch import Tensor

from mmosis.models import SiameseTwoStageDetector

Losses = dict[str, Tensor]


def losses_of(model: SiameseTwoStageDetector, data: dict) -> Losses:
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    return {name: sum(value) if isinstance(value, list) else value for name, value in losses.items()}


@pytest.fixture
def agnostic(make_model: Callable) -> SiameseTwoStageDetector:
    return make_model(rpn_head=dict(type='ClassAgnosticRPNHead'))


@pytest.fixture
def batch(tiny_dataset: Callable, make_batch: Callable) -> Callable[..., dict]:
    """The same four images with or without their other objects."""
    return lambda **settings: make_batch(tiny_dataset(num_references=2, **settings), 0, 1, 2, 3)


def boxes_seen(assigner: object, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Tensor, Tensor]]:
    """Record an assigner's calls: the objects and the ignored boxes that it gets, image by image."""
    seen, assign = [], assigner.assign

    def listen(priors: InstanceData, truth: InstanceData, ignored: InstanceData, **kwargs) -> AssignResult:
        seen.append((truth.bboxes, ignored.bboxes))
        return assign(priors, truth, ignored, **kwargs)

    monkeypatch.setattr(assigner, 'assign', listen)
    return seen


def test_the_rpn_learns_from_all_and_the_roi_head_from_matches(
    agnostic: SiameseTwoStageDetector, batch: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    heads = [boxes_seen(head, monkeypatch) for head in (agnostic.rpn_head.assigner, agnostic.roi_head.bbox_assigner)]
    data = agnostic.data_preprocessor(batch(keep_others=True), True)
    own, others = [], []
    for sample in data['data_samples']:
        own.append((sample.gt_instances.bboxes, sample.ignored_instances.bboxes))
        others.append((sample.other_instances.bboxes, sample.other_ignored_instances.bboxes))
    assert all(any(len(boxes[ignored]) for boxes in others) for ignored in range(2))
    agnostic(**data, mode='loss')
    everything = [
        tuple(torch.cat(both) for both in zip(*sides, strict=True)) for sides in zip(own, others, strict=True)
    ]
    for seen, expected in zip(heads, (everything, own), strict=True):
        assert len(seen) == len(expected)
        for got, boxes in zip(seen, expected, strict=True):
            assert all(a.equal(b) for a, b in zip(got, boxes, strict=True))


def test_without_others_it_is_mmdets(agnostic: SiameseTwoStageDetector, make_model: Callable, batch: Callable) -> None:
    """Of images whose others are dropped, both heads learn the same."""
    data = batch(keep_others=True)
    for sample in data['data_samples']:
        for name in ('other_instances', 'other_ignored_instances'):
            setattr(sample, name, sample.get(name)[:0])
    got, expected = losses_of(agnostic, data), losses_of(make_model(), batch())
    assert got.keys() == expected.keys()
    assert all(got[name].equal(expected[name]) for name in got)


def test_others_make_other_losses_of_proposals(
    agnostic: SiameseTwoStageDetector, make_model: Callable, batch: Callable
) -> None:
    got, expected = losses_of(agnostic, batch(keep_others=True)), losses_of(make_model(), batch())
    assert not got['loss_rpn_cls'].equal(expected['loss_rpn_cls'])
    assert not got['loss_rpn_bbox'].equal(expected['loss_rpn_bbox'])


def test_the_papers_rpn_learns_the_same_where_others_are_kept(make_model: Callable, batch: Callable) -> None:
    """An object of another category is no object to it: not one bit of a loss changes."""
    model = make_model()
    assert type(model.rpn_head) is RPNHead
    got, expected = losses_of(model, batch(keep_others=True)), losses_of(model, batch())
    assert all(got[name].equal(expected[name]) for name in expected)


def test_others_that_are_not_kept_are_missed(agnostic: SiameseTwoStageDetector, batch: Callable) -> None:
    with pytest.raises(
        ValueError, match=r"set keep_others=True in the data set, OneShotCocoDataset, or take type='RPN"
    ):
        losses_of(agnostic, batch())
