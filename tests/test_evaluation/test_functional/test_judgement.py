import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth
from random_sets import CAT_IDS, random_results, random_truth, spoil

from mmosis.evaluation import Detections, category_aps, evaluate_searches, judge_run

BOX, SHIFTED, OTHER, FAR = (10, 10, 40, 40), (16, 10, 40, 40), (100, 100, 40, 40), (150, 20, 30, 30)


def test_each_detection_is_judged_right_or_wrong_and_how_near_it_came() -> None:
    coco = make_truth({1: [(MUG, BOX), (JUG, OTHER)]})
    found = answer((1, MUG, BOX, 0.9), (1, MUG, SHIFTED, 0.8), (1, MUG, OTHER, 0.7), (1, MUG, FAR, 0.6))
    judgement = judge_run(coco, [ask(1, MUG)], found)
    assert judgement.correct.tolist() == [True, False, False, False]
    assert judgement.own.tolist() == [0, 0, -1, -1]
    assert judgement.own_iou.round(3).tolist() == [1, 0.739, 0, 0]  # 34 * 40 / (46 * 40)
    assert judgement.other_iou.tolist() == [0, 0, 1, 0]
    assert judgement.num_objects.tolist() == [1]


def test_detections_of_crowds_do_not_count() -> None:
    coco = make_truth({1: [(MUG, BOX), (MUG, OTHER)]}, crowds=[2])
    judgement = judge_run(coco, [ask(1, MUG)], answer((1, MUG, OTHER, 0.9), (1, MUG, OTHER, 0.8), (1, MUG, BOX, 0.7)))
    assert judgement.scores.tolist() == [0.7]
    assert judgement.num_objects.tolist() == [1]


def test_only_the_best_hundred_of_an_episode_count() -> None:
    coco = make_truth({1: [(MUG, BOX)]})
    rows = [(1, MUG, FAR, 0.5 + number / 1000) for number in range(100)]
    judgement = judge_run(coco, [ask(1, MUG)], answer(*rows, (1, MUG, BOX, 0.1)))
    assert len(judgement.scores) == 100
    assert not judgement.correct.any()


def test_episodes_without_detections_and_without_objects() -> None:
    coco = make_truth({1: [(MUG, BOX)], 2: []})
    judgement = judge_run(coco, [ask(1, MUG), ask(2, MUG, absent=True)], answer((2, MUG, BOX, 0.9)))
    assert judgement.episode.tolist() == [1]
    assert judgement.num_objects.tolist() == [1, 0]
    assert not judgement.correct.any()


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
@pytest.mark.parametrize('seed', range(5))
def test_judged_categories_have_the_ap_of_the_evaluation(make_coco, seed: int, iou_type: str) -> None:
    """Some images are not searched for some categories, and some objects cannot be found."""
    rng = np.random.default_rng(seed)
    truth = spoil(rng, random_truth(rng, 1))
    coco, found = make_coco(truth), Detections.from_results(random_results(rng, truth))
    episodes = sorted(ask(img_id, cat_id) for img_id in coco.imgs for cat_id in CAT_IDS if rng.random() < 0.7)
    judgement = judge_run(coco, episodes, found, iou_type)
    everything = np.ones_like(judgement.correct)
    aps = category_aps(judgement, judgement.correct, everything, judgement.num_objects)
    searched = {cat_id: [e.image_id for e in episodes if e.category_id == cat_id] for cat_id in CAT_IDS}
    _, expected = evaluate_searches(coco, found, iou_type, searched)
    for cat_id in aps:
        assert aps[cat_id] == pytest.approx(expected[cat_id]['mAP_50'], abs=1e-9, nan_ok=True)


def test_a_run_without_an_episode_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match='there is no episode to judge'):
        judge_run(make_truth({1: [(MUG, BOX)]}), [], answer())
