"""Searches by a box on the searched image: the boxed object does not count."""

import math
from dataclasses import replace

import pytest
from episode_results import MUG, answer, make_truth
from pycocotools.coco import COCO

from mmosis.evaluation import Detections, evaluate_runs, filter_boxed
from mmosis.structures import EpisodeRecord

LEFT, RIGHT = (10, 10, 40, 40), (60, 10, 40, 40)
NEAR_LEFT = (14, 10, 40, 40)  # IoU 36 / 44 with LEFT
FIRST = 1  # annotations are numbered from 1


def search(img_id: int, reference: int) -> EpisodeRecord:
    return EpisodeRecord(img_id, 0, MUG, (reference,), False)


def test_the_score_of_the_boxed_object_is_kept() -> None:
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT)], 2: [(MUG, LEFT), (MUG, RIGHT)]})
    found = answer((1, MUG, NEAR_LEFT, 0.3), (1, MUG, LEFT, 0.2), (2, MUG, LEFT, 0.6))
    rest = filter_boxed(coco, [search(1, 1), search(2, 4)], found)
    assert rest.boxed_scores[0] == 0.3
    assert math.isnan(rest.boxed_scores[1])
    assert rest.detections.scores.tolist() == [0.2, 0.6]
    assert [a['id'] for img_id in (1, 2) for a in rest.coco.imgToAnns[img_id]] == [2, 3]
    assert len(coco.imgToAnns[1]) == 2


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
@pytest.mark.parametrize(('boxed', 'ap'), [(False, 0.5), (True, 0)])
def test_average_precision_skips_the_boxed_object(iou_type: str, boxed: bool, ap: float) -> None:
    """The one right detection is of the boxed mug; the other mug is missed."""
    coco = make_truth({1: [(MUG, LEFT), (MUG, RIGHT)]})
    found = answer((1, MUG, LEFT, 0.9))
    found = found if iou_type == 'bbox' else _with_masks(coco, found)
    metrics = evaluate_runs(coco, [search(1, FIRST)], [found], [iou_type], boxed=boxed)
    assert metrics[iou_type]['mean']['mAP_50'] == pytest.approx(ap, abs=0.01)


def _with_masks(coco: COCO, found: Detections) -> Detections:
    return replace(found, masks=[coco.annToRLE(coco.anns[FIRST])])
