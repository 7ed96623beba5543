"""Runs, their mean and their interval."""

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from analysis.error_types import error_types
from mmosis.evaluation import Detections, evaluate_runs, judge_run

BOX, OTHER = (10, 10, 40, 40), (100, 100, 40, 40)
MUG_FOUND = (1, MUG, BOX, 0.9)


@pytest.fixture
def coco():
    return make_truth({1: [(MUG, BOX)], 2: [(JUG, BOX)]})


def test_mean_and_interval_over_runs(coco) -> None:
    """AP50 of 1, 0 and 0.5 with two categories: Student's t of 2 degrees of freedom, 4.303."""
    episodes = [ask(img_id, cat_id, run) for img_id, cat_id in ((1, MUG), (2, JUG)) for run in range(3)]
    runs = [answer(MUG_FOUND, (2, JUG, BOX, 0.9)), answer(), answer(MUG_FOUND)]
    result = evaluate_runs(coco, episodes, runs, ['bbox'])['bbox']
    assert [run['mAP_50'] for run in result['runs']] == pytest.approx([1, 0, 0.5])
    assert result['mean']['mAP_50'] == pytest.approx(0.5)
    assert result['interval']['mAP_50'] == pytest.approx(4.303 * 0.5 / 3**0.5, rel=1e-3)
    assert {name: ap['mAP_50'] for name, ap in result['per_category'].items()} == pytest.approx(
        dict(mug=2 / 3, jug=1 / 3)
    )
    assert 'absent' not in result


def test_one_run_has_no_interval(coco) -> None:
    result = evaluate_runs(coco, [ask(1, MUG)], [answer(MUG_FOUND)], ['bbox'])['bbox']
    assert result['interval']['mAP_50'] is None
    assert list(result['per_category']) == ['mug']


def test_absent_episodes_change_their_own_figures_only(coco) -> None:
    episodes = [ask(1, MUG), ask(2, JUG)]
    found = [MUG_FOUND, (2, JUG, BOX, 0.9), (2, MUG, OTHER, 0.95)]
    plain = evaluate_runs(coco, episodes, [answer(*found[:2])], ['bbox'])['bbox']
    harder = evaluate_runs(coco, [*episodes, ask(2, MUG, absent=True)], [answer(*found)], ['bbox'])['bbox']
    np.testing.assert_equal({key: harder[key] for key in plain}, plain)  # With nan equal to nan.
    # The mug's detection stands below a wrong one; the jug's does not.
    assert harder['absent']['mean']['mAP_50'] == pytest.approx(0.75)
    assert harder['absent']['mean']['FP_absent@0.3'] == 0.5  # One in two images.


UNSEARCHABLE = dict(
    area_zero=dict(area=0),
    thin=dict(bbox=[100, 100, 0.5, 40]),
    low=dict(bbox=[100, 100, 40, 0.9]),
    ignored=dict(ignore=1),
    crowd=dict(iscrowd=1),
    outside=dict(bbox=[-60, 100, 40, 40]),
)


@pytest.mark.parametrize('changes', UNSEARCHABLE.values(), ids=UNSEARCHABLE.keys())
@pytest.mark.parametrize('place', ['beside one that can be found', 'alone in its image', 'of a category of its own'])
@pytest.mark.parametrize('listed', [True, False])
def test_what_cannot_be_searched_for_is_not_missed(changes: dict, place: str, listed: bool) -> None:
    """Perfect detections have AP 1, whether they tell of the object that no search is asked for or not."""
    images = {
        'beside one that can be found': {1: [(MUG, BOX), (MUG, OTHER)], 2: [(JUG, BOX)]},
        'alone in its image': {1: [(MUG, BOX)], 2: [(JUG, BOX), (MUG, OTHER)]},
        'of a category of its own': {1: [(MUG, BOX)], 2: [(MUG, BOX), (JUG, OTHER)]},
    }[place]
    coco = make_truth(images)
    (spoilt,) = [a for a in coco.dataset['annotations'] if tuple(a['bbox']) == OTHER]
    spoilt.update(changes)
    objects = [a for a in coco.dataset['annotations'] if listed or a is not spoilt]
    asked = {(a['image_id'], a['category_id']) for a in coco.dataset['annotations'] if a is not spoilt}
    shown = [a for a in objects if (a['image_id'], a['category_id']) in asked]
    found = Detections.from_results(
        [
            dict(
                image_id=a['image_id'],
                category_id=a['category_id'],
                bbox=a['bbox'],
                score=0.9,
                segmentation=coco.annToRLE(a),
            )
            for a in shown
        ]
    )
    episodes = [ask(*each) for each in sorted(asked)]
    metrics = evaluate_runs(coco, episodes, [found])
    for iou_type in ('bbox', 'segm'):
        assert metrics[iou_type]['mean']['mAP'] == metrics[iou_type]['mean']['AR@100'] == pytest.approx(1)
        assert all(figures['mAP'] == pytest.approx(1) for figures in metrics[iou_type]['per_category'].values())
        judgement = judge_run(coco, episodes, found, iou_type)
        assert judgement.correct.all()
        assert judgement.num_objects.sum() == judgement.correct.sum() == len(asked)
        assert error_types(judgement)['missed']['count'] == 0


def test_a_part_of_the_episodes_is_judged_by_its_own_images() -> None:
    """Every third episode of two runs, perfectly answered: truth elsewhere is not missed."""
    coco = make_truth({img_id: [(MUG, BOX), (JUG, OTHER)] for img_id in range(1, 7)})
    every = sorted(ask(img_id, cat_id, run) for img_id in coco.imgs for cat_id in (MUG, JUG) for run in range(2))
    episodes = every[::3]
    runs = [
        answer(
            *(
                (e.image_id, e.category_id, BOX if e.category_id == MUG else OTHER, 0.9)
                for e in episodes
                if e.run == run
            )
        )
        for run in range(2)
    ]
    metrics = evaluate_runs(coco, episodes, runs, ['bbox'])['bbox']
    assert [run['mAP'] for run in metrics['runs']] == pytest.approx([1, 1])
    assert metrics['mean']['AR@100'] == pytest.approx(1)
    # The same answers to all episodes find one of three objects of each category and run.
    assert evaluate_runs(coco, every, runs, ['bbox'])['bbox']['mean']['AR@100'] == pytest.approx(1 / 3)


def test_answers_to_what_was_not_asked_do_not_count() -> None:
    coco = make_truth({1: [(MUG, BOX), (JUG, OTHER)]})
    found = answer((1, JUG, BOX, 0.95), MUG_FOUND)
    assert evaluate_runs(coco, [ask(1, MUG)], [found], ['bbox'])['bbox']['mean']['mAP_50'] == pytest.approx(1)


@pytest.mark.parametrize('numbers', [(1,), (0, 2), (3, 1)])
def test_runs_without_episodes_are_skipped(coco, numbers: tuple[int, ...]) -> None:
    """As in a replay of some runs: the mean is over those that there are."""
    episodes = sorted(ask(1, MUG, run) for run in numbers)
    runs = [answer(*([MUG_FOUND] if run == max(numbers) else [])) for run in range(max(numbers) + 1)]
    metrics = evaluate_runs(coco, [*episodes, ask(2, MUG, min(numbers), absent=True)], runs, ['bbox'])['bbox']
    for result in (metrics, metrics['absent']):
        assert [run and run['mAP_50'] for run in result['runs']] == [
            (1 if run == max(numbers) else 0) if run in numbers else None for run in range(max(numbers) + 1)
        ]
        assert result['mean']['mAP_50'] == pytest.approx(1 / len(numbers))
    assert (metrics['interval']['mAP_50'] is None) == (len(numbers) == 1)


def test_absent_categories_alone_have_no_ap(coco) -> None:
    result = evaluate_runs(coco, [ask(2, MUG, absent=True)], [answer((2, MUG, OTHER, 0.9))], ['bbox'])['bbox']
    assert result['per_category'] == {}
    assert np.isnan([result['mean']['mAP_50'], result['absent']['mean']['mAP_50'], result['runs'][0]['mAP']]).all()


def test_no_episode_is_refused(coco) -> None:
    with pytest.raises(ValueError, match='there is no episode to evaluate'):
        evaluate_runs(coco, [], [])


def test_sizes_without_objects_are_nan(coco) -> None:
    result = evaluate_runs(coco, [ask(1, MUG)], [answer(MUG_FOUND)], ['bbox'])['bbox']
    assert np.isnan(result['mean']['mAP_l'])
    assert result['mean']['mAP_m'] == pytest.approx(1)
