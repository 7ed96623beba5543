"""Tests of several splits, joined into the paper's Table 2."""

import pytest
from episode_results import cells, find_the_mug_once

from tools.analysis_tools.eval_predictions import split_tables

BOX = (10, 10, 40, 40)


@pytest.fixture
def metrics() -> dict:
    return find_the_mug_once(BOX)


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
