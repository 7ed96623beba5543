"""One detection of each type of error, and what it costs."""

import pytest
from episode_results import JUG, MUG, Box, answer, ask, make_truth

from analysis.error_types import error_types
from mmosis.evaluation import judge_run

BOX, OTHER = (10, 10, 40, 40), (100, 100, 40, 40)
HALF_OFF = (30, 10, 40, 40)  # IoU 1/3 with BOX
EMPTY = (150, 10, 30, 30)


def errors(*rows: tuple[Box, float]) -> dict[str, dict[str, float]]:
    """Error types of detections for the mug in an image of a mug and a jug."""
    coco = make_truth({1: [(MUG, BOX), (JUG, OTHER)]})
    found = answer(*((1, MUG, box, score) for box, score in rows))
    return error_types(judge_run(coco, [ask(1, MUG)], found))


@pytest.mark.parametrize(
    ('box', 'name'),
    [
        (OTHER, 'class'),
        (BOX, 'duplicate'),
        (EMPTY, 'background'),
        ((120, 100, 40, 40), 'both'),
    ],
)
def test_each_type_and_its_cost(box: Box, name: str) -> None:
    """The wrong one stands above the right one, or the better right one is a twin."""
    rows = [(box, 0.9), (BOX, 0.8)] if name != 'duplicate' else [(BOX, 0.9), (BOX, 0.8)]
    result = errors(*rows)
    assert {each for each, error in result.items() if error['count']} == {name}
    assert result[name]['count'] == 1
    assert result[name]['gain'] == pytest.approx(0 if name == 'duplicate' else 0.5)


def test_a_localisation_error_becomes_right() -> None:
    result = errors((HALF_OFF, 0.9))
    assert result['localisation'] == dict(count=1, gain=1.0)
    assert result['missed']['count'] == 0  # A detection is near.


def test_a_localisation_error_of_a_found_object_is_taken_away() -> None:
    assert errors((HALF_OFF, 0.9), (BOX, 0.8))['localisation'] == dict(count=1, gain=pytest.approx(0.5))


def test_of_two_localisation_errors_one_becomes_right() -> None:
    assert errors((HALF_OFF, 0.9), (HALF_OFF, 0.8))['localisation'] == dict(count=2, gain=1.0)


def test_an_object_that_nothing_comes_near_is_missed() -> None:
    coco = make_truth({1: [(MUG, BOX)], 2: [(MUG, BOX)]})
    result = error_types(judge_run(coco, [ask(1, MUG), ask(2, MUG)], answer((1, MUG, BOX, 0.9))))
    assert result['missed'] == dict(count=1, gain=pytest.approx(1 - 51 / 101))


def test_nothing_found_at_all() -> None:
    result = errors()
    assert result['missed']['count'] == 1
    assert all(error['count'] == 0 for name, error in result.items() if name != 'missed')
