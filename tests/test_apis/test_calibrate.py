"""A calibration fitted to a dump."""

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from mmosis.apis import fit_scores
from mmosis.evaluation import Dump

BOX, EMPTY = (10, 10, 40, 40), (150, 10, 30, 30)
RIGHT = {0.2: 1, 0.6: 3, 0.9: 7}  # of ten detections of each score


def make_dump(**info: object) -> tuple[Dump, object]:
    images = list(range(1, 31))
    coco = make_truth({img_id: [(MUG, BOX)] for img_id in images})
    scores = np.repeat(list(RIGHT), 10).tolist()
    right = [i < number for number in RIGHT.values() for i in range(10)]
    found = [
        (img_id, MUG, BOX if correct else EMPTY, score)
        for img_id, correct, score in zip(images, right, scores, strict=True)
    ]
    absent = [(1, JUG, EMPTY, 0.6), (2, JUG, EMPTY, 0.9)]
    episodes = [ask(img_id, MUG) for img_id in images] + [ask(img_id, JUG, absent=True) for img_id in (1, 2, 3)]
    return Dump(info, episodes, [answer(*found, *absent)]), coco


def test_scores_say_afterwards_how_often_they_are_right() -> None:
    fit = fit_scores(*make_dump(), 0.5)
    before, after = (result['error'] for result in fit.reliability)
    assert after < 0.06
    assert before > 0.2
    shares = [one['precision'] for one in fit.reliability[0]['bins'] if one['count']]
    assert shares == pytest.approx([0.1, 3 / 11, 7 / 11])
    assert fit.silent == pytest.approx((1 / 3, 2 / 3))
    assert fit.calibration.slope > 0


def test_it_goes_on_from_the_calibration_of_the_dump() -> None:
    plain, calibrated = (
        fit_scores(*make_dump(**info), 0.5) for info in ({}, dict(calibration=dict(slope=2, offset=1)))
    )
    slope, offset = plain.calibration.slope, plain.calibration.offset
    assert calibrated.calibration.slope == pytest.approx(2 * slope)
    assert calibrated.calibration.offset == pytest.approx(slope + offset)


def test_references_on_the_searched_images_do_not_count() -> None:
    """Every episode's reference is annotation 1, which is on image 1; what finds it there is left out."""
    fit = fit_scores(*make_dump(boxed=True), 0.5)
    lowest, *_ = [one for one in fit.reliability[0]['bins'] if one['count']]
    assert (lowest['count'], lowest['precision']) == (9, 0)
