"""Training draws that search their image for several categories."""

from collections.abc import Callable

import torch

SHOWN = {7: {20, 30}, 3: {20, 30, 40}, 12: {20, 80}, 5: {30, 40, 80}, 9: {40}, 31: {30, 80}}
ACTIVE = {20, 30, 40, 80}


def test_the_first_is_the_one_that_it_always_was(tiny_dataset: Callable, tiny_coco: Callable) -> None:
    root = tiny_coco()
    one, several = tiny_dataset(root), tiny_dataset(root, num_episodes=3)
    for draw in range(20):
        (alone,), episodes = one.draw_episodes(draw)[1], several.draw_episodes(draw)[1]
        assert episodes[0] == alone
        assert len({episode.label for episode in episodes}) == 3


def test_what_shows_comes_before_what_does_not(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(num_episodes=3)
    for draw in range(30):
        info, episodes = dataset.draw_episodes(draw)
        shown = SHOWN[info['img_id']]
        assert [episode.absent for episode in episodes] == [number >= len(shown) for number in range(3)]
        assert all((episode.cat_id in shown) != episode.absent for episode in episodes)
        assert {episode.cat_id for episode in episodes} <= ACTIVE


def test_an_instance_is_labelled_by_its_episode(tiny_dataset: Callable) -> None:
    plain, dataset = tiny_dataset(), tiny_dataset(num_episodes=2)
    labels = {i['ann_id']: i['bbox_label'] for n in range(len(plain)) for i in plain.get_data_info(n)['instances']}
    for draw in range(20):
        info, episodes = dataset.draw_episodes(draw)
        for instance in info['instances']:
            assert episodes[instance['bbox_label']].label == labels[instance['ann_id']]


def test_with_fewer_categories_there_are_fewer_episodes(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(num_episodes=9)
    for draw in range(6):
        info, episodes = dataset.draw_episodes(draw)
        unknown = {30} if info['img_id'] == 12 else set()  # it shows in a crowd
        assert {episode.cat_id for episode in episodes} == ACTIVE - unknown


def test_a_sample_has_the_references_of_all(tiny_dataset: Callable) -> None:
    one, item = tiny_dataset(num_references=2)[3], tiny_dataset(num_references=2, num_episodes=3)[3]
    assert item['ref_inputs'].shape == (3, 2, 3, 32, 32)
    assert item['inputs'].equal(one['inputs'])
    assert item['ref_inputs'][0].equal(one['ref_inputs'])
    assert not item['ref_inputs'][0].equal(item['ref_inputs'][1])
    labels = item['data_samples'].gt_instances.labels
    assert set(labels.tolist()) <= {0, 1, 2}
    assert torch.equal(item['data_samples'].gt_instances.labels[labels == 0], one['data_samples'].gt_instances.labels)
