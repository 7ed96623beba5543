"""Recall, precision and how often the boxed object is found, counted by hand."""

import math

import pytest
from episode_results import JUG, MUG, answer, ask, make_truth
from pycocotools.coco import COCO

from analysis.search_counts import SearchCounts, count_found, silent_fraction, thresholds_table
from mmosis.evaluation import Detections, Dump
from mmosis.structures import EpisodeRecord

LEFT, RIGHT, LOW, FAR = (10, 10, 40, 40), (60, 10, 40, 40), (10, 60, 40, 40), (150, 20, 30, 30)
NEAR_LEFT = (14, 10, 40, 40)  # IoU 36 / 44 with LEFT
FIRST = 1  # annotations are numbered from 1


def search(img_id: int, cat_id: int, reference: int, run: int = 0, absent: bool = False) -> EpisodeRecord:
    return EpisodeRecord(img_id, run, cat_id, (reference,), absent)


def count(
    coco: COCO, episodes: list[EpisodeRecord], found: Detections, score_thr: float, boxed: bool = False
) -> SearchCounts:
    return count_found(Dump(dict(boxed=boxed), episodes, [found]), coco, score_thr)


def test_what_is_found_at_the_threshold_is_counted_over_all_searches() -> None:
    """Of image 1 two of three mugs, a duplicate and a wrong box; of image 2 nothing, of two jugs."""
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT), (MUG, LOW), (JUG, FAR)], 2: [(JUG, LEFT), (JUG, RIGHT)]})
    found = answer(
        *[(1, MUG, LEFT, 0.9), (1, MUG, NEAR_LEFT, 0.8), (1, MUG, RIGHT, 0.5), (1, MUG, FAR, 0.6)],
        *[(1, MUG, LOW, 0.49), (2, JUG, LEFT, 0.1)],
    )
    counts = count(coco, [search(1, MUG, 5), search(2, JUG, 4)], found, 0.5)
    assert counts == SearchCounts(searches=2, objects=5, found=2, false=2)
    assert (counts.recall, counts.precision, counts.f1) == (0.4, 0.5, pytest.approx(4 / 9))
    assert math.isnan(counts.self_found_rate)


def test_the_boxed_object_is_neither_to_be_found_nor_false() -> None:
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT)]})
    found = answer((1, MUG, LEFT, 0.9), (1, MUG, RIGHT, 0.8))
    counts = count(coco, [search(1, MUG, FIRST)], found, 0.5, boxed=True)
    assert counts == SearchCounts(searches=1, objects=1, found=1, boxed=1, self_found=1)
    assert (counts.recall, counts.precision, counts.self_found_rate) == (1, 1, 1)


def test_a_second_detection_of_the_boxed_object_is_false() -> None:
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT)]})
    found = answer((1, MUG, LEFT, 0.9), (1, MUG, NEAR_LEFT, 0.8))
    counts = count(coco, [search(1, MUG, FIRST)], found, 0.5, boxed=True)
    assert counts == SearchCounts(searches=1, objects=1, false=1, boxed=1, self_found=1)


def test_a_boxed_object_below_the_threshold_is_not_found() -> None:
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT)]})
    found = answer((1, MUG, LEFT, 0.4), (1, MUG, RIGHT, 0.8))
    counts = count(coco, [search(1, MUG, FIRST)], found, 0.5, boxed=True)
    assert counts == SearchCounts(searches=1, objects=1, found=1, boxed=1)


def test_an_object_is_skipped_only_in_the_search_in_which_it_is_boxed() -> None:
    """Two runs box one mug each, and find both."""
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT), (MUG, LOW)]})
    found = answer((1, MUG, LEFT, 0.9), (1, MUG, RIGHT, 0.8))
    for reference in (1, 2):
        counts = count(coco, [search(1, MUG, reference)], found, 0.5, boxed=True)
        assert counts == SearchCounts(searches=1, objects=2, found=1, boxed=1, self_found=1)


def test_crowds_and_what_is_found_in_them_do_not_count() -> None:
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT), (MUG, (120, 0, 60, 60))]}, crowds=[3])
    found = answer((1, MUG, RIGHT, 0.9), (1, MUG, FAR, 0.8), (1, MUG, (125, 5, 20, 20), 0.7))
    counts = count(coco, [search(1, MUG, FIRST)], found, 0.5, boxed=True)
    assert counts == SearchCounts(searches=1, objects=1, found=1, boxed=1)


def test_more_than_a_hundred_are_counted() -> None:
    boxes = [(column * 12, row * 12, 10, 10) for row in range(10) for column in range(15)]
    coco = make_truth({1: [(MUG, box) for box in boxes]})
    found = answer(*((1, MUG, box, 0.9) for box in boxes))
    assert count(coco, [search(1, MUG, FIRST)], found, 0.5).found == 150
    assert count(coco, [search(1, MUG, FIRST)], found, 0.5, boxed=True).found == 149


def test_searches_for_absent_categories_are_skipped() -> None:
    coco = make_truth({1: [(MUG, LEFT)]})
    found = answer((1, JUG, LEFT, 0.9))
    assert count(coco, [search(1, JUG, 5, absent=True)], found, 0.5) == SearchCounts()
    assert math.isnan(SearchCounts().f1)


def test_counts_of_runs_are_added() -> None:
    assert SearchCounts(1, 2, 3, 4, 5, 6) + SearchCounts(1, 1, 1, 1, 1, 1) == SearchCounts(2, 3, 4, 5, 6, 7)


def test_the_fraction_of_searches_that_find_nothing() -> None:
    episodes = [ask(1, MUG), ask(1, JUG, absent=True), ask(2, JUG, absent=True), ask(1, JUG, run=1, absent=True)]
    runs = [answer((1, MUG, LEFT, 0.9), (1, JUG, LEFT, 0.5), (2, JUG, LEFT, 0.49)), answer((2, MUG, LEFT, 0.9))]
    assert silent_fraction(Dump({}, episodes, runs), 0.5) == pytest.approx(2 / 3)
    assert silent_fraction(Dump({}, episodes, runs), 0.4) == pytest.approx(1 / 3)
    assert math.isnan(silent_fraction(Dump({}, episodes[:1], runs), 0.5))


def test_thresholds_beside_what_lies_between_them() -> None:
    """From 0.5 two of three are right; from 0.7 one of one, so between them one of two."""
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT), (JUG, FAR)]})
    found = answer((1, MUG, LEFT, 0.8), (1, MUG, RIGHT, 0.6), (1, MUG, FAR, 0.6), (1, MUG, LOW, 0.4))
    table = thresholds_table(Dump({}, [search(1, MUG, 3)], [found]), coco, (0.5, 0.7, 0.9))
    rows = [[cell.strip() for cell in line.strip('|').split('|')] for line in table.splitlines()[3:-1]]
    assert rows == [
        ['0.5', '1.000', '0.667', '0.800', '2', '0.500'],
        ['0.7', '0.500', '1.000', '0.667', '1', '1.000'],
        ['0.9', '0.000', 'nan', '0.000', '0', 'nan'],
    ]
