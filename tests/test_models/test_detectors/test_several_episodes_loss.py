"""A training image that is searched for several categories at once."""

from collections.abc import Callable

import pytest
import torch

from mmosis.models.detectors.episodes import split_by_episode


@pytest.fixture
def batch(tiny_dataset: Callable, make_batch: Callable) -> dict:
    """Two images with three episodes each."""
    return make_batch(tiny_dataset(num_episodes=3, num_references=2), 0, 3)


def test_an_episodes_sample_has_what_matches_in_it(batch: dict) -> None:
    for sample in batch['data_samples']:
        parts = split_by_episode(sample)
        assert [part.episodes for part in parts] == [[episode] for episode in sample.episodes]
        assert sum(len(part.gt_instances) for part in parts) == len(sample.gt_instances) > 0
        for number, part in enumerate(parts):
            chosen = sample.gt_instances.labels == number
            assert part.gt_instances.labels.tolist() == [0] * int(chosen.sum())
            assert part.gt_instances.bboxes.tensor.equal(sample.gt_instances.bboxes.tensor[chosen])
            assert (part.gt_instances.masks.masks == sample.gt_instances.masks.masks[chosen.numpy()]).all()
            assert part.img_shape == sample.img_shape
        assert [part.gt_instances.draw for part in parts] == [sample.draw, (*sample.draw, 1), (*sample.draw, 2)]


def test_the_loss_is_that_of_each_alone_and_the_image_is_encoded_once(
    make_model: Callable, batch: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model().train()
    data = model.data_preprocessor(batch, True)
    assert data['ref_inputs'].shape == (6, 2, 3, 32, 32)
    encoded = []
    encode_images = model.encode_images
    monkeypatch.setattr(model, 'encode_images', lambda inputs: encoded.append(len(inputs)) or encode_images(inputs))
    together = model(**data, mode='loss')
    apart = model(
        inputs=data['inputs'].repeat_interleave(3, dim=0),
        data_samples=[part for sample in data['data_samples'] for part in split_by_episode(sample)],
        ref_inputs=data['ref_inputs'],
        mode='loss',
    )
    assert encoded == [2, 6]
    assert together.keys() == apart.keys()
    for name in together:
        torch.testing.assert_close(together[name], apart[name], rtol=1e-4, atol=1e-6)


def test_references_of_fewer_episodes_are_refused(make_model: Callable, batch: dict) -> None:
    model = make_model().train()
    data = model.data_preprocessor(batch, True)
    with pytest.raises(ValueError, match='references of 6 episodes must come as ref_inputs, got those of 2'):
        model(**dict(data, ref_inputs=data['ref_inputs'][:2]), mode='loss')
