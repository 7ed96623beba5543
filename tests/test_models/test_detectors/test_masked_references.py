"""Masks of references in the detector: (E, K, 4, h, w)."""

from collections.abc import Callable

import pytest
import torch
from mmengine.structures import InstanceData
from torch import Tensor

from mmosis.models import SiameseTwoStageDetector

MakeModel = Callable[..., SiameseTwoStageDetector]


def with_masks(refs: Tensor, mask: Tensor | float) -> Tensor:
    """Add masks, 0-255, to references as the data set packs them."""
    masks = torch.zeros_like(refs[..., :1, :, :])
    masks[:] = mask
    return torch.cat([refs, masks], dim=-3)


def half_mask() -> Tensor:
    """The left half of 32x32 pixels."""
    mask = torch.zeros(32, 32, dtype=torch.uint8)
    mask[:, :16] = 255
    return mask


@torch.no_grad()
def predict(model: SiameseTwoStageDetector, data: dict, refs: Tensor) -> InstanceData:
    batch = model.data_preprocessor(dict(data, ref_inputs=[refs]))
    (sample,) = model(**batch, mode='predict')
    return sample.pred_instances


def test_full_masks_change_nothing(make_model: MakeModel, test_data: Callable) -> None:
    model, data = make_model(), test_data(31, num_references=2)
    (refs,) = data['ref_inputs']
    plain, masked = predict(model, data, refs), predict(model, data, with_masks(refs, 255))
    assert len(plain) > 0
    assert masked.episode_ids.tolist() == plain.episode_ids.tolist()
    torch.testing.assert_close(masked.scores, plain.scores, atol=1e-5, rtol=0)
    torch.testing.assert_close(masked.bboxes, plain.bboxes, atol=1e-3, rtol=1e-5)


def test_full_masks_are_encoded_as_none(make_model: MakeModel, test_data: Callable) -> None:
    model = make_model()
    refs = model.data_preprocessor(test_data(31, num_references=3))['ref_inputs'][0]
    full = torch.cat([refs, torch.ones_like(refs[:, :, :1])], dim=2)
    with torch.no_grad():
        plain, masked = model.encode_references(refs), model.encode_references(full)
    for tensor, expected in zip(masked.tensors, plain.tensors, strict=True):
        torch.testing.assert_close(tensor, expected, atol=1e-6, rtol=1e-6)


def test_a_mask_changes_its_own_episode_alone(make_model: MakeModel, test_data: Callable) -> None:
    model, data = make_model(), test_data(31)
    refs = with_masks(data['ref_inputs'][0], 255)
    before = predict(model, data, refs)
    refs[1, 0, 3] = half_mask()
    after = predict(model, data, refs)
    same = [
        torch.allclose(before.scores[before.episode_ids == e], after.scores[after.episode_ids == e], atol=1e-7)
        for e in range(len(refs))
    ]
    assert same == [True, False, True, True]


def test_each_of_several_references_has_its_mask(make_model: MakeModel, test_data: Callable) -> None:
    model = make_model()
    data = test_data(31, num_references=2)
    refs = with_masks(data['ref_inputs'][0], 255)
    refs[:, 0, 3], refs[:, 1, 3] = half_mask(), half_mask().flip(-1)
    prepared = model.data_preprocessor(dict(data, ref_inputs=[refs]))['ref_inputs'][0]
    with torch.no_grad():
        together = model.encode_references(prepared)
        first, second = (model.encode_references(prepared[:, k : k + 1]) for k in range(2))
    for level, tensor in enumerate(together.tensors):
        assert len(tensor) == len(refs)
        torch.testing.assert_close(tensor, (first.tensors[level] + second.tensors[level]) / 2)
    assert not torch.allclose(first.tensors[0], second.tensors[0], atol=1e-2)


def test_encoded_with_masks_they_give_the_same_as_pixels(make_model: MakeModel, test_data: Callable) -> None:
    model, data = make_model(), test_data(31)
    refs = with_masks(data['ref_inputs'][0], half_mask())
    expected = predict(model, data, refs)
    prepared = model.data_preprocessor(dict(data, ref_inputs=[refs]))['ref_inputs'][0]
    found = predict(model, data, model.encode_references(prepared))
    assert len(expected) > 0
    torch.testing.assert_close(found.scores, expected.scores)


def test_the_masked_reference_alone_trains_the_backbone(make_model: MakeModel, train_data: dict) -> None:
    model = make_model().train()
    masked = dict(train_data, ref_inputs=[with_masks(refs, half_mask()) for refs in train_data['ref_inputs']])
    data = model.data_preprocessor(masked, True)
    feats = tuple(feat.detach() for feat in model.encode_images(data['inputs']))
    matched = model.match_neck(feats, model.encode_references(data['ref_inputs']))
    total, _ = model.parse_losses(model.loss(matched, data['data_samples']))
    total.backward()
    assert total.isfinite()
    assert model.backbone.conv1.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('prob', [0.0, 0.5, 1.0])
def test_episodes_of_a_masked_dataset_train_and_predict(
    make_model: MakeModel, tiny_dataset: Callable, tiny_pipelines: dict, make_batch: Callable, prob: float
) -> None:
    load, *rest = tiny_pipelines['ref']
    settings = dict(
        num_references=2,
        ref_pipeline=[load, dict(type='LoadReferenceMask', prob=prob), *rest],
        reference_sampler=dict(type='ReferenceSampler', with_masks=True),
    )
    model = make_model()
    batch = make_batch(tiny_dataset(**settings), 0, 1, 2)
    data = model.data_preprocessor(batch, True)
    assert data['ref_inputs'].shape == (3, 2, 4, 32, 32)
    losses = model.parse_losses(model(**data, mode='loss'))[0]
    assert losses.isfinite()
    if prob == 0:
        plain = dict(data, ref_inputs=data['ref_inputs'][:, :, :3])
        torch.testing.assert_close(model.parse_losses(model(**plain, mode='loss'))[0], losses)
    found = model.test_step(make_batch(tiny_dataset(test_mode=True, phase='all', **settings), 0, 1))
    assert all(sample.pred_instances.scores.isfinite().all() and len(sample.pred_instances) for sample in found)
