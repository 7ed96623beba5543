"""A calibration fitted to searches."""

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth
from scipy.special import expit, logit

from analysis.reliability import measure_reliability
from analysis.search_tests import Reliability, SearchTest, fit_scores, run_search_tests
from mmosis.evaluation import Dump
from mmosis.search.score_calibration import Calibration
from mmosis.search.views import ViewSettings

BOX, EMPTY = (10, 10, 40, 40), (100, 10, 40, 40)
RIGHT = {0.2: 1, 0.6: 3, 0.9: 7}  # of ten detections of each score
SETTINGS = ViewSettings()


def make_test(score_of_absent: float = 0.1, wrong_box: tuple = EMPTY, **info: object) -> SearchTest:
    """Thirty searches for a mug of 40 pixels, and 40 for a jug that is not there."""
    images = list(range(1, 31))
    coco = make_truth({img_id: [(MUG, BOX)] for img_id in range(1, 42)})
    scores = np.repeat(list(RIGHT), 10).tolist()
    right = [i < number for number in RIGHT.values() for i in range(10)]
    found = [
        (img_id, MUG, BOX if correct else wrong_box, score)
        for img_id, correct, score in zip(images, right, scores, strict=True)
    ]
    absent = [(img_id, JUG, EMPTY, score_of_absent) for img_id in range(1, 41)]
    episodes = [ask(img_id, MUG) for img_id in images] + [ask(img_id, JUG, absent=True) for img_id in range(1, 41)]
    dump = Dump(info, episodes, [answer(*found, *([] if info else absent))])
    return SearchTest.of('mugs', coco, dump, SETTINGS)


def test_scores_say_afterwards_how_often_they_are_right() -> None:
    """Detections of the size of the reference alone tell nothing of sizes."""
    calibration = fit_scores([make_test()], 0.5)
    scores, misfits, correct = make_test().calibrated(calibration).judge()
    assert set(misfits.tolist()) == {0.0}
    assert measure_reliability(scores, correct)['error'] < 0.06
    assert measure_reliability(make_test().judge()[0], correct)['error'] > 0.1
    assert calibration.boxed is None
    assert calibration.by_size.slope == pytest.approx(calibration.slope, abs=0.02)


def test_detections_of_other_sizes_are_wrong_more_often() -> None:
    """Wrong ones are twice as large."""
    test = make_test(wrong_box=(60, 10, 80, 80))
    misfits = test.judge()[1]
    assert sorted(set(misfits.round(6).tolist())) == pytest.approx([0, np.log(2)], abs=1e-6)
    calibration = fit_scores([test], 0.5)
    assert calibration.by_size.weight > 5
    counts = test.calibrated(calibration).count_found(0.5)
    assert (counts.found, counts.false) == (11, 0)


@pytest.mark.parametrize('loud', [0.93, 0.999])
def test_searches_for_what_is_not_there_find_nothing(loud: float) -> None:
    """Two of forty may."""
    test = make_test()
    run = test.dump.runs[0]
    run.scores[np.flatnonzero(run.category_ids == JUG)[:3]] = loud
    calibration = fit_scores([test], 0.5)
    for each in (calibration, Calibration(calibration.slope, calibration.offset)):
        assert test.calibrated(each).silent_fraction(0.5) >= 0.95
    assert calibration(np.array([loud]))[0] == pytest.approx(0.5, abs=1e-3)


def test_references_on_the_searched_images_have_a_fit_of_their_own() -> None:
    """They are not silenced. Every episode's reference is annotation 1, on image 1; what finds it is skipped."""
    other, same = make_test(score_of_absent=0.999), make_test(boxed=True)
    assert len(same.judge()[0]) == 29
    calibration = fit_scores([other, same], 0.5)
    alone = fit_scores([other], 0.5)
    assert (calibration.slope, calibration.offset, calibration.by_size) == (alone.slope, alone.offset, alone.by_size)
    assert calibration.boxed == fit_scores([make_test(), same], 0.5).boxed
    np.testing.assert_allclose(
        same.calibrated(calibration).dump.runs[0].scores,
        expit(calibration.boxed.slope * logit(same.dump.runs[0].scores) + calibration.boxed.offset),
    )
    found = same.calibrated(calibration).count_found(0.5)
    assert (found.found, found.boxed) == (7, 30)


def test_every_test_counts_alike() -> None:
    """Of one all are right, of the other none."""
    tests = [make_test(boxed=True) for _ in range(2)]
    for test, box, kept in zip(tests, (BOX, EMPTY), (5, 29), strict=True):
        run = test.dump.runs[0]
        run.bboxes[:] = box
        run.scores[:] = 0.5
        object.__setattr__(test, 'dump', Dump(test.dump.info, test.dump.episodes, [run[np.arange(1, kept)]]))
        object.__setattr__(test, 'misfits', [np.zeros(kept - 1)])
    (scores,) = {round(float(s), 3) for s in fit_boxed(tests)(np.array([0.5]), np.zeros(1), boxed=True)}
    assert scores == pytest.approx(0.5, abs=0.01)


def fit_boxed(tests: list[SearchTest]) -> Calibration:
    return fit_scores([make_test(), *tests], 0.5)


def test_halves_of_the_images_are_kept_apart() -> None:
    test = make_test()
    halves = [test.half(held_out) for held_out in (False, True)]
    images = [{episode.image_id for episode in half.dump.episodes} for half in halves]
    assert images[0].isdisjoint(images[1])
    assert images[0] | images[1] == set(range(1, 41))
    assert sum(len(half.dump.runs[0]) for half in halves) == len(test.dump.runs[0])
    for half, of_half in zip(halves, images, strict=True):
        assert set(half.dump.runs[0].image_ids.tolist()) <= of_half
        assert len(half.misfits[0]) == len(half.dump.runs[0])
    assert halves[0].half(True) is None


def test_a_size_is_known_from_an_image_of_the_same_size_alone() -> None:
    test = make_test()
    for img_id in range(2, 42):
        test.coco.imgs[img_id]['width'] *= 2
    misfits = SearchTest.of('mugs', test.coco, test.dump, SETTINGS).misfits[0]
    on_first = test.dump.runs[0].image_ids == 1
    assert np.isfinite(misfits[on_first]).all()
    assert np.isnan(misfits[~on_first]).all()
    scores = test.calibrated(Calibration(1.0, -1.0)).dump.runs[0].scores
    np.testing.assert_allclose(scores, expit(logit(test.dump.runs[0].scores) - 1))


def test_reliability_is_of_all_tests_before_and_after() -> None:
    reliability = Reliability.of([make_test()] * 2, None, Calibration(1.0, -1.0))
    assert sum(one['count'] for one in reliability.before['bins']) == 140
    before, after = (
        max(one['score'] for one in r['bins'] if one['count']) for r in (reliability.before, reliability.after)
    )
    assert after == pytest.approx(expit(logit(before) - 1))


def test_scores_that_are_calibrated_are_refused(tiny_coco: Callable) -> None:
    inferencer = SimpleNamespace(calibration=Calibration())
    with pytest.raises(ValueError, match='fitted to scores as the network gives them; set calibration to None'):
        next(run_search_tests(inferencer, [str(tiny_coco())], 0))
