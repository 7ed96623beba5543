import pytest
from episode_results import JUG, MUG, answer, ask, cells, find_the_mug_once, make_truth

from mmosis.evaluation import category_table, evaluate_runs, runs_table

BOX = (10, 10, 40, 40)


@pytest.fixture
def metrics() -> dict:
    return find_the_mug_once(BOX)


def test_runs_and_their_mean(metrics: dict) -> None:
    # Student's t of one degree of freedom is 12.706; the standard error of 50 and 0 is 25.
    assert cells(runs_table(metrics)) == [
        ['mAP50', 'box'],
        ['run 0', '50.0'],
        ['run 1', '0.0'],
        ['mean', '25.0 ± 317.7'],
    ]


def test_runs_without_episodes_have_no_row() -> None:
    coco = make_truth({1: [(MUG, BOX)]})
    metrics = evaluate_runs(coco, [ask(1, MUG, 2)], [answer(), answer(), answer((1, MUG, BOX, 0.9))], ['bbox'])
    assert cells(runs_table(metrics)) == [['mAP50', 'box'], ['run 2', '100.0']]


def test_categories(metrics: dict) -> None:
    assert cells(category_table(metrics)) == [['category', 'box'], ['mug', '50.0'], ['jug', '0.0']]


def test_absent_categories_are_a_row_of_their_own() -> None:
    coco = make_truth({1: [(MUG, BOX)]})
    episodes = [ask(1, MUG), ask(1, JUG, absent=True)]
    metrics = evaluate_runs(coco, episodes, [answer((1, MUG, BOX, 0.9))], ['bbox'])
    table = cells(runs_table(metrics))
    assert ['with absent', '100.0'] in table
    # The mug is found, and nothing for the jug.
    assert table[-1] == ['FP_absent@0.7', '0.00']
