"""Tests of several splits, joined into the paper's Table 2."""

import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from mmosis.evaluation import evaluate_runs
from tools.analysis_tools.eval_predictions import split_tables

BOX = (10, 10, 40, 40)


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split('|')[1:-1]] for line in table.splitlines() if line.startswith('|')]


@pytest.fixture
def metrics() -> dict:
    """Run 0 finds the mug, run 1 nothing; the jug is never found."""
    coco = make_truth({1: [(MUG, BOX)], 2: [(JUG, BOX)]})
    episodes = [ask(img_id, cat_id, run) for img_id, cat_id in ((1, MUG), (2, JUG)) for run in range(2)]
    return evaluate_runs(coco, episodes, [answer((1, MUG, BOX, 0.9)), answer()], ['bbox'])


def test_splits_stand_beside_the_published_figures(metrics: dict) -> None:
    tests = [(dict(phase='one-shot', split=split), metrics) for split in (1, 2)]
    assert cells(split_tables(tests)) == [
        ['box mAP50', 'S1', 'S2', 'S3', 'S4', 'average'],
        ['one-shot', '25.0 ± 317.7', '25.0 ± 317.7', '-', '-', '-'],
        ['one-shot, published (COCO)', '15.3', '17.6', '17.4', '17.0', '16.8'],
    ]
    tests = [(dict(phase='one-shot', detector='random boxes', split=split), metrics) for split in (1, 2, 3, 4)]
    table = cells(split_tables(tests))
    assert table[1][-1] == '25.0'
    assert table[2] == ['random boxes, published (COCO)', '2.3', '2.0', '1.7', '2.7', '2.2']


def test_tests_that_cannot_be_joined_are_refused(metrics: dict) -> None:
    with pytest.raises(ValueError, match='tests of splits 1 to 4 are joined, and one says of no split; give it alone'):
        split_tables([(dict(phase='one-shot', split=None), metrics)])
    with pytest.raises(ValueError, match='two tests are of one-shot in split 1; give one of them'):
        split_tables([(dict(phase='one-shot', split=1), metrics)] * 2)
