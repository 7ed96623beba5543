"""Training draws whose reference is an instance of the searched image."""

from collections.abc import Callable

import numpy as np
import pytest


def num_fit(info: dict) -> int:
    """Instances that may be references: a crowd may not, and is ignored anyhow."""
    crowds = {105}
    return sum(instance['ann_id'] not in crowds for instance in info['instances'])


def beside(info: dict, episode) -> bool:
    return episode.references[0].img_id == info['img_id']


def test_the_boxed_instance_is_ignored_and_another_one_is_left(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(same_image_prob=1.0)
    drawn = [dataset.draw_episodes(draw) for draw in range(200)]
    assert any(beside(info, episode) for info, (episode,) in drawn)
    for info, (episode,) in drawn:
        boxed = episode.references[0].ann_id
        ignored = {instance['ann_id']: instance['ignore_flag'] for instance in info['instances']}
        if beside(info, episode):
            assert ignored[boxed] == 1
            assert 0 in ignored.values()
        else:
            assert boxed not in ignored


def test_an_image_with_a_single_instance_takes_its_reference_elsewhere(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(same_image_prob=1.0)
    for info, (episode,) in map(dataset.draw_episodes, range(200)):
        assert beside(info, episode) == (num_fit(info) > 1)


def test_the_probability_is_the_one_that_was_asked_for(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(same_image_prob=0.25)
    drawn = [(info, e) for info, (e,) in map(dataset.draw_episodes, range(1500)) if num_fit(info) > 1]
    assert np.mean([beside(*each) for each in drawn]) == pytest.approx(0.25, abs=0.05)


def test_without_asking_the_draws_stay_as_they_were(tiny_dataset: Callable, tiny_coco: Callable) -> None:
    def keys(dataset) -> list[tuple]:
        drawn = map(dataset.draw_episodes, range(60))
        return [(info['img_id'], episode.cat_id, episode.references[0].ann_id) for info, (episode,) in drawn]

    root = tiny_coco()
    assert keys(tiny_dataset(root)) == keys(tiny_dataset(root, same_image_prob=0.0))
    assert keys(tiny_dataset(root)) != keys(tiny_dataset(root, same_image_prob=1.0))


@pytest.mark.parametrize('prob', [-0.1, 1.5])
def test_a_probability_out_of_range_is_refused(tiny_dataset: Callable, prob: float) -> None:
    with pytest.raises(ValueError, match=f'same_image_prob must be in 0-1, got {prob}'):
        tiny_dataset(same_image_prob=prob)


def test_it_takes_one_reference_an_episode(tiny_dataset: Callable) -> None:
    with pytest.raises(ValueError, match='draws one reference an episode, got num_references=2; set it to 1'):
        tiny_dataset(same_image_prob=0.5, num_references=2)
