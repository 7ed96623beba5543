"""Runs, their mean and their interval."""

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from mmosis.evaluation import evaluate_runs

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


def test_no_episode_is_refused(coco) -> None:
    with pytest.raises(ValueError, match='there is no episode to evaluate'):
        evaluate_runs(coco, [], [])


def test_sizes_without_objects_are_nan(coco) -> None:
    result = evaluate_runs(coco, [ask(1, MUG)], [answer(MUG_FOUND)], ['bbox'])['bbox']
    assert np.isnan(result['mean']['mAP_l'])
    assert result['mean']['mAP_m'] == pytest.approx(1)
