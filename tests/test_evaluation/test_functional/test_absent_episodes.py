"""False positives at fixed recall."""

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from mmosis.evaluation import judge_run
from mmosis.evaluation.functional.judgement import false_positives_at_recall

BOX, EMPTY = (10, 10, 40, 40), (150, 10, 30, 30)


def test_counts_above_the_score_that_reaches_the_recall() -> None:
    coco = make_truth({1: [(MUG, BOX)], 2: [(MUG, BOX)]})
    found = answer(
        (1, MUG, BOX, 0.9), (1, MUG, EMPTY, 0.8), (1, JUG, EMPTY, 0.7), (2, MUG, BOX, 0.6), (2, JUG, EMPTY, 0.5)
    )
    episodes = [ask(1, MUG), ask(2, MUG), ask(1, JUG, absent=True), ask(2, JUG, absent=True)]
    figures = false_positives_at_recall(judge_run(coco, episodes, found), (0.5, 1.0))
    assert figures == {'FP@0.5': 0, 'FP_absent@0.5': 0, 'FP@1.0': 1.0, 'FP_absent@1.0': 0.5}


def test_detections_of_one_score_pass_together() -> None:
    coco = make_truth({1: [(MUG, BOX)]})
    found = answer((1, MUG, BOX, 0.9), (1, JUG, EMPTY, 0.9))
    figures = false_positives_at_recall(judge_run(coco, [ask(1, MUG), ask(1, JUG, absent=True)], found), (0.5,))
    assert figures == {'FP@0.5': 1, 'FP_absent@0.5': 1}


@pytest.mark.parametrize('images', [{1: [(MUG, BOX)]}, {1: []}])
def test_a_recall_that_is_not_reached_has_no_figure(images: dict) -> None:
    figures = false_positives_at_recall(
        judge_run(make_truth(images), [ask(1, MUG)], answer((1, MUG, EMPTY, 0.9))), (0.5,)
    )
    assert all(np.isnan(value) for value in figures.values())


def test_a_recall_asks_for_no_object_more_than_it_says() -> None:
    """0.28 of 25 objects are 7, which floats make a little more: the seventh is the last that is needed."""
    coco = make_truth({img_id: [(MUG, BOX)] for img_id in range(25)})
    found = answer(*((img_id, MUG, BOX, 0.9) for img_id in range(7)), (8, MUG, EMPTY, 0.8))
    figures = false_positives_at_recall(judge_run(coco, [ask(img_id, MUG) for img_id in range(25)], found), (0.28,))
    assert figures['FP@0.28'] == 0
