"""Training draws that search for a category that the image does not show."""

from collections.abc import Callable

import numpy as np
import pytest

from mmosis.utils.rng import generator

CAR, AIRPLANE, PERSON, MOTORCYCLE = 30, 50, 10, 40
ACTIVE = {20, 30, 40, 80}
SHOWN = {7: {20, 30}, 3: {20, 30, 40, 10}, 12: {20, 80, 30, 10}, 5: {30, 40, 80}, 9: {50, 40, 60}, 31: {30, 80, 50, 10}}


def draw(dataset, num: int) -> list[tuple]:
    drawn = [dataset.draw_episodes(d) for d in range(num)]
    return [(info, episode) for info, (episode,) in drawn]


def test_without_asking_no_number_is_drawn_for_them(tiny_dataset: Callable) -> None:
    """The category is the first thing that a draw's generator gives, as it always was."""
    dataset = tiny_dataset()
    for number, (info, episode) in enumerate(draw(dataset, 40)):
        assert not episode.absent
        present = sorted(SHOWN[info['img_id']] & ACTIVE - ({30} if info['img_id'] == 12 else set()))  # degenerate
        assert episode.cat_id == generator(0, 'episode', number, 0).choice(present)


def test_an_absent_category_does_not_show_and_has_references(tiny_dataset: Callable) -> None:
    dataset = tiny_dataset(absent_prob=1.0, num_references=2)
    for info, episode in draw(dataset, 60):
        assert episode.absent
        assert episode.cat_id in ACTIVE - SHOWN[info['img_id']]
        assert episode.cat_id == dataset.cat_ids[episode.label]
        assert info['instances'] == []
        assert len(episode.references) == 2
        assert info['img_id'] not in {reference.img_id for reference in episode.references}
    asked = {(info['img_id'], episode.cat_id) for info, episode in draw(dataset, 200)}
    assert asked == {(img_id, cat_id) for img_id, shown in SHOWN.items() for cat_id in ACTIVE - shown}


def test_they_are_as_frequent_as_asked_and_the_images_stay_the_same(tiny_dataset: Callable) -> None:
    plain, harder = (draw(tiny_dataset(absent_prob=prob), 600) for prob in (0, 0.25))
    assert np.mean([episode.absent for _, episode in harder]) == pytest.approx(0.25, abs=0.05)
    assert [info['img_id'] for info, _ in harder] == [info['img_id'] for info, _ in plain]
    assert all(bool(info['instances']) != episode.absent for info, episode in harder)


def test_a_crowd_shows_its_category(tiny_dataset: Callable, tiny_coco: Callable) -> None:
    def crowd_the_car_of_image_5(annotations):
        return [dict(a, iscrowd=1) if a['id'] == 112 else a for a in annotations]

    dataset = tiny_dataset(tiny_coco(annotations=crowd_the_car_of_image_5), absent_prob=1.0)
    assert {episode.cat_id for info, episode in draw(dataset, 60) if info['img_id'] == 5} == {20}


def test_the_files_negatives_decide_and_where_none_is_left_the_category_shows(
    tiny_dataset: Callable, tiny_coco: Callable
) -> None:
    root = tiny_coco(images=lambda images: [dict(i, neg_category_ids=[MOTORCYCLE, PERSON]) for i in images])
    for info, episode in draw(tiny_dataset(root, absent_prob=1.0), 60):
        assert episode.absent == (MOTORCYCLE not in SHOWN[info['img_id']])
        assert (episode.cat_id == MOTORCYCLE) or not episode.absent
        assert bool(info['instances']) != episode.absent


def test_the_sample_is_kept_without_truth(tiny_dataset: Callable, tiny_pipelines: dict) -> None:
    flips = [*tiny_pipelines['train'][:2], dict(type='PhotoMetricDistortion'), *tiny_pipelines['train'][2:]]
    dataset = tiny_dataset(absent_prob=1.0, pipeline=flips, filter_cfg=dict(filter_empty_gt=True, min_size=32))
    for number in range(12):
        item = dataset[number]
        sample = item['data_samples']
        assert (sample.draw, sample.gt_instances.draw) == ((0, number), (0, number))
        assert sample.episodes == dataset.draw_episodes(number)[1]
        assert sample.gt_instances.bboxes.tensor.shape == (0, 4)
        assert sample.gt_instances.labels.shape == (0,)
        assert sample.gt_instances.masks.masks.shape == (0, 64, 64)
        assert len(sample.ignored_instances.bboxes) == 0
        assert item['ref_inputs'].shape == (1, 3, 32, 32)


def test_the_test_and_its_protocol_do_not_know_of_them(tiny_dataset: Callable, tiny_coco: Callable) -> None:
    root = tiny_coco()
    plain, harder = (tiny_dataset(root, test_mode=True, absent_prob=prob) for prob in (0, 1))
    assert harder.episode_records() == plain.episode_records()
    assert harder.metainfo == plain.metainfo


@pytest.mark.parametrize('prob', [-0.1, 1.1])
def test_what_is_no_probability_is_refused(tiny_dataset: Callable, prob: float) -> None:
    with pytest.raises(ValueError, match=f'absent_prob must be in 0-1, got {prob}'):
        tiny_dataset(absent_prob=prob)
