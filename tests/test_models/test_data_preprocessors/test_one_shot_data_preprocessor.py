"""OneShotDataPreprocessor: images and references get the same treatment."""

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor

from mmosis.models import OneShotDataPreprocessor
from mmosis.structures import EncodedReferences

MEAN, STD = [123.7, 116.8, 103.9], [1.0, 2.0, 4.0]


def make_preprocessor(**settings) -> OneShotDataPreprocessor:
    cfg = dict(type='OneShotDataPreprocessor', mean=MEAN, std=STD, bgr_to_rgb=True, pad_size_divisor=16)
    return MODELS.build({**cfg, **settings})


def make_pixels(*shape: int) -> Tensor:
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def make_data(inputs: list[Tensor], ref_inputs: list) -> dict:
    samples = [DetDataSample(gt_instances=InstanceData(bboxes=torch.zeros(0, 4))) for _ in inputs]
    return dict(inputs=inputs, data_samples=samples, ref_inputs=ref_inputs)


@pytest.mark.parametrize('training', [True, False])
def test_the_same_pixels_give_the_same_values(training: bool) -> None:
    pixels = make_pixels(3, 32, 32)
    refs = pixels[None] if training else pixels[None, None]
    data = make_preprocessor()(make_data([pixels], [refs]), training)
    values = data['ref_inputs'][0, 0] if training else data['ref_inputs'][0][0, 0]
    assert torch.equal(data['inputs'][0], values)
    expected = (pixels[[2, 1, 0]].float() - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    torch.testing.assert_close(values, expected)


def test_shapes_in_training() -> None:
    data = make_data([make_pixels(3, 40, 48), make_pixels(3, 48, 32)], [make_pixels(2, 3, 16, 32)] * 2)
    data = make_preprocessor()(data, training=True)
    assert data['inputs'].shape == (2, 3, 48, 48)
    assert data['ref_inputs'].shape == (2, 2, 3, 16, 32)
    assert data['data_samples'][0].batch_input_shape == (48, 48)


def test_shapes_in_testing() -> None:
    data = make_data([make_pixels(3, 32, 32)] * 2, [make_pixels(5, 1, 3, 16, 16), make_pixels(2, 3, 3, 16, 16)])
    data = make_preprocessor()(data)
    assert [tuple(refs.shape) for refs in data['ref_inputs']] == [(5, 1, 3, 16, 16), (2, 3, 3, 16, 16)]


def test_every_reference_stays_in_its_place() -> None:
    pixels = make_pixels(2, 3, 3, 16, 16)
    (refs,) = make_preprocessor()(make_data([make_pixels(3, 16, 16)], [pixels]))['ref_inputs']
    for episode in range(2):
        for shot in range(3):
            (alone,) = make_preprocessor()(make_data([make_pixels(3, 16, 16)], [pixels[episode, shot][None, None]]))[
                'ref_inputs'
            ]
            assert torch.equal(refs[episode, shot], alone[0, 0])


def test_encoded_references_pass_through() -> None:
    encoded = EncodedReferences(vectors=[torch.rand(4, 8)], region=torch.rand(4, 2, 3))
    (passed,) = make_preprocessor()(make_data([make_pixels(3, 16, 16)], [encoded]))['ref_inputs']
    assert isinstance(passed, EncodedReferences)
    assert passed.fields == encoded.fields
    assert all(torch.equal(a, b) for a, b in zip(passed.tensors, encoded.tensors, strict=True))


def test_the_callers_data_stay_as_they_are() -> None:
    data = make_data([make_pixels(3, 16, 16)], [make_pixels(1, 3, 16, 16)])
    make_preprocessor()(data, training=True)
    assert data['ref_inputs'][0].dtype == torch.uint8
    assert set(data) == {'inputs', 'data_samples', 'ref_inputs'}


@pytest.mark.parametrize('size', [(16, 24), (24, 16)])
def test_a_size_that_would_be_padded_is_refused(size: tuple[int, int]) -> None:
    message = (
        rf'multiples of pad_size_divisor=16, got {size[0]}x{size[1]} \(h x w\).*change ResizeReference\(size=...\)'
    )
    with pytest.raises(ValueError, match=message):
        make_preprocessor()(make_data([make_pixels(3, 16, 16)], [make_pixels(1, 3, *size)]), training=True)


def test_a_batch_without_references_is_refused() -> None:
    data = make_data([make_pixels(3, 16, 16)], [])
    del data['ref_inputs']
    with pytest.raises(ValueError, match=r'came without ref_inputs.*OneShotCocoDataset'):
        make_preprocessor()(data)


@pytest.mark.parametrize('training', [True, False])
def test_the_mask_is_scaled_and_the_pixels_are_as_without(training: bool) -> None:
    refs = make_pixels(2, 3, 4, 16, 16)
    refs[0, 0, 3], refs[0, 1, 3] = 0, 255
    refs = refs[0] if training else refs
    image = [make_pixels(3, 32, 32)]
    masked, plain = (
        make_preprocessor()(make_data(image, [r]), training)['ref_inputs'][0] for r in (refs, refs[..., :3, :, :])
    )
    assert masked.shape == refs.shape
    assert torch.equal(masked[..., :3, :, :], plain)
    torch.testing.assert_close(masked[..., 3, :, :], refs[..., 3, :, :].float() / 255)
    first, second = (masked if training else masked[0])[:2, 3]
    assert (first == 0).all()
    assert (second == 1).all()


@pytest.mark.parametrize('channels', [1, 2, 5])
def test_other_channels_are_refused(channels: int) -> None:
    with pytest.raises(ValueError, match=f'must have 3 channels, or 4 with a mask, got {channels}; PackReference'):
        make_preprocessor()(make_data([make_pixels(3, 16, 16)], [make_pixels(1, channels, 16, 16)]), training=True)
