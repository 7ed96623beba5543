"""Boxes and points on an image: which objects they give."""

import numpy as np
import pytest
from colour_inferencer import BLUE, DARK_RED, RED, draw

from mmosis.integrations.object_masks import rows_under, with_masks
from mmosis.integrations.prompt_search import Prompts, search_prompts
from mmosis.search.service import SearchService
from mmosis.structures import FoundObjects

FIRST, SECOND, DARK, FAR = (10, 10, 30, 30), (50, 10, 70, 30), (90, 10, 110, 30), (10, 60, 30, 80)
SCENE = draw((*FIRST, RED), (*SECOND, RED), (*DARK, DARK_RED), (*FAR, (30, 30, 120)), (60, 60, 90, 90, BLUE))


def search(service: SearchService, thr: float = 0.5, **prompts) -> list[tuple]:
    """Boxes of what is found, from left to right."""
    options = service.inferencer.options.__class__(score_thr=thr)
    found = search_prompts(service, SCENE, Prompts(**prompts), options)
    return sorted(tuple(box) for box in found.bboxes.astype(int).tolist())


def test_box_gives_all_objects_like_it(service: SearchService) -> None:
    assert search(service, boxes=[FIRST]) == [FIRST, SECOND, DARK]
    assert search(service, boxes=[FIRST], thr=0.8) == [FIRST, SECOND]


def test_box_beyond_the_border_is_cut_off(service: SearchService) -> None:
    image = draw((0, 0, 20, 20, RED))
    options = service.inferencer.options
    found = search_prompts(service, image, Prompts([(-3, -5, 20.5, 20)]), options)
    assert found.bboxes.tolist() == [[0, 0, 20, 20]]


def test_negative_box_drops_what_is_like_it(service: SearchService) -> None:
    assert search(service, boxes=[FIRST], negative_boxes=[DARK]) == [FIRST, SECOND]


def test_object_under_a_negative_point_teaches(service: SearchService) -> None:
    """The far one is like the dark one, and goes with it."""
    assert search(service, boxes=[FIRST], thr=0.1) == [FIRST, FAR, SECOND, DARK]
    assert search(service, boxes=[FIRST], thr=0.1, negative_points=[(100, 20)]) == [FIRST, SECOND]


def test_what_scores_more_than_the_refused_object_stays(service: SearchService) -> None:
    """Most like the dark one is the reddish one here, and its score is higher."""
    image = draw((*FIRST, RED), (*DARK, DARK_RED), (*FAR, (30, 30, 175)))
    options = service.inferencer.options
    found = search_prompts(service, image, Prompts([FIRST], negative_points=[(100, 20)]), options)
    assert sorted(map(tuple, found.bboxes.astype(int).tolist())) == [FIRST, FAR]


def test_object_under_a_positive_point_stays(service: SearchService) -> None:
    points = dict(negative_points=[(100, 20)], points=[(20, 70)])
    assert search(service, boxes=[FIRST], thr=0.1, **points) == [FIRST, FAR, SECOND]


def test_positive_point_brings_back_what_scores_little(service: SearchService) -> None:
    assert search(service, boxes=[FIRST], points=[(20, 70), (70, 70), (500, -4)]) == [FIRST, FAR, SECOND, DARK]


def test_negative_point_on_the_boxed_object_drops_it_alone(service: SearchService) -> None:
    assert search(service, boxes=[FIRST], thr=0.8, negative_points=[(20, 20), (2, 2)]) == [SECOND]


def test_object_too_small_for_a_reference_is_dropped_all_the_same(service: SearchService) -> None:
    image = draw((*FIRST, RED), (50, 10, 53, 13, RED))
    found = search_prompts(service, image, Prompts([FIRST], negative_points=[(51, 11)]), service.inferencer.options)
    assert found.bboxes.tolist() == [list(FIRST)]


def test_no_box_is_refused(service: SearchService) -> None:
    with pytest.raises(ValueError, match='there is no reference'):
        search(service, points=[(20, 20)])


def test_objects_without_masks_get_those_of_their_boxes() -> None:
    boxes = np.array([[-2.0, 1.5, 3.2, 4.0]], np.float32)
    found = with_masks(FoundObjects(bboxes=boxes, scores=np.ones(1)), (10, 12))
    part, corner = found.masks.cut(0)
    assert (part.shape, part.all(), corner) == ((3, 4), True, (0, 1))
    assert rows_under(found.masks, [(3.9, 3.9)]) == [0]
    assert rows_under(found.masks, [(4.0, 1.0), (-1, 2), (99, 99)]) == []
    assert with_masks(found, (10, 12)) is found
