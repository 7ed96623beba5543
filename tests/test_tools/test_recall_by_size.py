"""Recall of proposals, counted by hand."""

import math

import numpy as np
import pytest

from tools.analysis_tools.proposal_recall import proposal_recall

SMALL, MEDIUM, LARGE, HUGE = (0, 0, 20, 20), (100, 0, 130, 30), (200, 0, 260, 60), (300, 0, 500, 200)


def boxes(*rows: tuple) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, 4)


def propose(*rows: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Proposals of falling score."""
    return boxes(*rows), np.linspace(1, 0.1, len(rows))


def test_recall_by_size_and_number() -> None:
    """One proposal in a hundred: the first is right, the second one shifted to IoU 0.6, the third comes too late."""
    shifted = (107.5, 0, 137.5, 30)  # 22.5 / 37.5 of MEDIUM
    proposals = propose(LARGE, shifted, *[(600, 0, 610, 10)] * 3, SMALL)
    every, small, medium, large, huge = proposal_recall([boxes(SMALL, MEDIUM, LARGE)], [proposals], numbers=(1, 2, 6))
    assert [row.size for row in (every, small, medium, large, huge)] == [
        *('all', 'below 24', '24 to 48', '48 to 96', 'from 96')
    ]
    assert [row.num_objects for row in (every, small, medium, large, huge)] == [3, 1, 1, 1, 0]
    assert every.recall_50 == pytest.approx((1 / 3, 2 / 3, 1))
    assert (small.recall_50, medium.recall_50, large.recall_50) == ((0, 0, 1), (0, 1, 1), (1, 1, 1))
    assert medium.average == pytest.approx((0, 0.3, 0.3))  # IoU 0.6 passes 0.5, 0.55 and 0.6
    assert every.average == pytest.approx((1 / 3, 1.3 / 3, 2.3 / 3))
    assert all(math.isnan(value) for value in (*huge.recall_50, *huge.average))


def test_recall_is_over_all_searches_and_within_each() -> None:
    """The second search has two objects and no proposals of its own; what lies there in the first does not count."""
    rows = proposal_recall([boxes(LARGE), boxes(LARGE, HUGE)], [propose(LARGE, HUGE), propose()])
    assert rows[0].num_objects == 3
    assert rows[0].recall_50 == pytest.approx((1 / 3,) * 3)


def test_a_proposal_finds_one_object() -> None:
    twins = boxes(LARGE, (202, 0, 262, 60))
    assert proposal_recall([twins], [propose(LARGE)])[0].recall_50[0] == 0.5
    assert proposal_recall([twins], [propose(LARGE, LARGE)])[0].recall_50[0] == 1


@pytest.mark.parametrize(('side', 'row'), [(23.9, 1), (24, 2), (48, 3), (96, 4)])
def test_a_size_counts_from_its_lower_bound(side: float, row: int) -> None:
    rows = proposal_recall([boxes((0, 0, side, side))], [propose((0, 0, side, side))])
    assert [number for number, each in enumerate(rows[1:], 1) if each.num_objects] == [row]
    assert rows[row].recall_50 == (1, 1, 1)


def test_searches_without_objects_do_not_count() -> None:
    rows = proposal_recall([boxes(), boxes(LARGE)], [propose(LARGE), propose(LARGE)])
    assert rows[0].recall_50 == (1, 1, 1)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match='each search has objects and proposals, got 1 and 0 of them'):
        proposal_recall([boxes(LARGE)], [])
    with pytest.raises(ValueError, match='there is no object that proposals could find'):
        proposal_recall([boxes()], [propose(LARGE)])
