"""Matching and average precision at one IoU are pycocotools'."""

from collections.abc import Callable

import numpy as np
import pytest
from random_sets import CAT_IDS, random_results, random_truth

from mmosis.evaluation import Detections
from mmosis.evaluation.functional import average_precision, judge_run
from mmosis.structures import EpisodeRecord

NUM_SETS = 40


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_ap_of_the_judged_detections_is_pycocotools_ap50(
    make_coco: Callable, score_by_hand: Callable, iou_type: str
) -> None:
    aps = []
    for seed in range(NUM_SETS):
        rng = np.random.default_rng(1000 + seed)
        truth = random_truth(rng, first_id=1)
        results = random_results(rng, truth)
        img_ids = sorted(image['id'] for image in truth['images'])
        for cat_id in CAT_IDS:
            episodes = [EpisodeRecord(img_id, 0, cat_id, (1,)) for img_id in img_ids]
            found = Detections.from_results([result for result in results if result['category_id'] == cat_id])
            judgement = judge_run(make_coco(truth), episodes, found, iou_type)
            ap = average_precision(judgement.scores, judgement.correct, int(judgement.num_objects.sum()))
            expected = score_by_hand(truth, results, iou_type, [cat_id], img_ids)['mAP_50']
            np.testing.assert_allclose(ap, expected, rtol=0, atol=1e-9, err_msg=f'category {cat_id} of set {seed}')
            aps.append(ap)
    assert len(set(np.round(aps, 3))) > NUM_SETS


def test_average_precision_known_answers() -> None:
    scores = np.array([0.9, 0.8, 0.7])
    assert average_precision(scores, np.array([True, True, False]), 2) == pytest.approx(1)
    assert average_precision(scores, np.array([False, True, False]), 1) == pytest.approx(0.5)
    # One of two objects found, at once: precision 1 up to recall 0.5, which 51 of 101 points reach.
    assert average_precision(scores[:1], np.array([True]), 2) == pytest.approx(51 / 101)
    assert average_precision(scores[:0], np.zeros(0, dtype=bool), 2) == 0
    assert np.isnan(average_precision(scores, np.array([False] * 3), 0))
