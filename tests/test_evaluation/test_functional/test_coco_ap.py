"""evaluate_searches gives what pycocotools gives, and truths that nobody can dispute."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from random_sets import CAT_IDS, HEIGHT, WIDTH, filled_box, random_results, random_truth, rle, spoil

from analysis.error_types import error_types
from mmosis.evaluation import Detections, category_aps, evaluate_searches, judge_run
from mmosis.structures import EpisodeRecord

NUM_SETS = 200
CLASSWISE = 10  # every so many sets also category by category


def evaluate(coco, results: list[dict], iou_type: str, cat_ids: Sequence[int], img_ids: Sequence[int]) -> tuple:
    """Evaluate COCO results."""
    searched = dict.fromkeys(cat_ids, img_ids)
    return evaluate_searches(coco, Detections.from_results(results), iou_type, searched)


@pytest.mark.no_cover  # the tests below cover what it runs
@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_equals_pycocotools_on_random_sets(make_coco: Callable, score_by_hand: Callable, iou_type: str) -> None:
    means = []
    for seed in range(NUM_SETS):
        rng = np.random.default_rng(seed)
        truth = random_truth(rng, first_id=seed % 2)
        results = random_results(rng, truth) if seed % 8 else []
        img_ids = [image['id'] for image in truth['images']]
        summary, per_category = evaluate(make_coco(truth), results, iou_type, CAT_IDS, img_ids)
        assert_equal(summary, score_by_hand(truth, results, iou_type, CAT_IDS, img_ids), seed)
        for cat_id in CAT_IDS if seed % CLASSWISE == 0 else ():
            by_hand = score_by_hand(truth, results, iou_type, [cat_id], img_ids)
            assert_equal(per_category[cat_id], by_hand, f'{seed}, category {cat_id}')
        means.append(summary['mAP_50'])
    assert len({round(mean, 3) for mean in means}) > NUM_SETS // 2  # The sets are no trivial ones.


def assert_equal(got: dict[str, float], expected: dict[str, float], name: object) -> None:
    for key, value in expected.items():
        np.testing.assert_allclose(got[key], value, rtol=0, atol=1e-9, err_msg=f'{key} of set {name}')


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_each_category_counts_in_the_images_that_were_searched_for_it(
    make_coco: Callable, score_searches_by_hand: Callable, iou_type: str
) -> None:
    """Objects that cannot be found are among them; the measure is a pycocotools for each category."""
    means = []
    for seed in range(NUM_SETS // 8):
        rng = np.random.default_rng(5000 + seed)
        truth = spoil(rng, random_truth(rng, first_id=1))
        results = random_results(rng, truth) + perfect_results(truth)
        searched = random_searches(rng, truth)
        found = Detections.from_results(results)
        summary, per_category = evaluate_searches(make_coco(truth), found, iou_type, searched)
        mean, scores = score_searches_by_hand(truth, results, iou_type, searched)
        assert_equal(summary, mean, seed)
        for cat_id in searched:
            assert_equal(per_category[cat_id], scores[cat_id], f'{seed}, category {cat_id}')
        means.append(summary['mAP_50'])
    assert len({round(mean, 3) for mean in means}) > NUM_SETS // 16


def random_searches(rng: np.random.Generator, truth: dict) -> dict[int, list[int]]:
    """Images by category; one of two in the mean."""
    img_ids = [image['id'] for image in truth['images']]
    searched = {cat_id: [img_id for img_id in img_ids if rng.random() < 0.5] for cat_id in CAT_IDS}
    return {cat_id: images for cat_id, images in searched.items() if images}


def perfect_results(truth: dict) -> list[dict]:
    """Every object as it is, whether it can be found or not."""
    return [
        dict(
            image_id=annotation['image_id'],
            category_id=annotation['category_id'],
            bbox=annotation['bbox'],
            segmentation=annotation['segmentation'] or filled_box(annotation['bbox']),
            score=0.5,
        )
        for annotation in truth['annotations']
    ]


def test_nothing_searched_is_nan(make_coco: Callable) -> None:
    summary, per_category = evaluate_searches(make_coco(one_image(BIG)), Detections.from_results([]), 'bbox', {})
    assert per_category == {}
    assert np.isnan(list(summary.values())).all()


@pytest.mark.parametrize('ids', [(0, 1), (-1, 0), ('a', 'b'), (2**64, 2**63), (-5, 2**63)])
def test_annotation_ids_of_any_type(make_coco: Callable, ids: tuple) -> None:
    """pycocotools takes a match with annotation 0 for none, and wants numbers."""
    truth = one_image(BIG, SMALL)
    for annotation, ann_id in zip(truth['annotations'], ids, strict=True):
        annotation['id'] = ann_id
    coco, found = make_coco(truth), Detections.from_results(detect(BIG, SMALL))
    for iou_type in ('bbox', 'segm'):
        assert evaluate_searches(coco, found, iou_type, {3: [0]})[0]['mAP'] == pytest.approx(1)
        judgement = judge_run(coco, [EpisodeRecord(0, 0, 3, (1,))], found, iou_type)
        assert judgement.correct.all()
        assert judgement.own.tolist() == [0, 1]
        assert error_types(judgement)['missed']['count'] == 0


@pytest.mark.parametrize('ids', [(-3, -2), ('a', 'b'), (2**63, 2**64), (-1, 2**63), (-1, 2**64)])
def test_image_and_category_ids_of_any_type(make_coco: Callable, ids: tuple) -> None:
    """Two images and two categories; NumPy would make text or rounded floats of some of these ids."""
    truth = one_image(BIG, SMALL)
    truth['images'] = [dict(truth['images'][0], id=img_id) for img_id in ids]
    truth['categories'] = [dict(id=cat_id, name=str(cat_id)) for cat_id in ids]
    results = detect(BIG, SMALL)
    for rows in (truth['annotations'], results):
        for row, one in zip(rows, ids, strict=True):
            row.update(image_id=one, category_id=one)
    summary, per_category = evaluate(make_coco(truth), results, 'bbox', ids, ids)
    assert summary['mAP'] == pytest.approx(1)
    assert set(per_category) == set(ids)
    judgement = judge_run(
        make_coco(truth), [EpisodeRecord(one, 0, one, (1,)) for one in ids], Detections.from_results(results)
    )
    assert category_aps(judgement, judgement.correct, judgement.correct, judgement.num_objects) == dict.fromkeys(ids, 1)


def test_only_the_images_and_categories_asked_for_count(make_coco: Callable, score_by_hand: Callable) -> None:
    rng = np.random.default_rng(1)
    truth = random_truth(rng, 1)
    results = random_results(rng, truth)
    img_ids = [image['id'] for image in truth['images']][:3]
    summary, per_category = evaluate(make_coco(truth), results, 'bbox', CAT_IDS[:1], img_ids)
    assert set(per_category) == set(CAT_IDS[:1])
    assert_equal(summary, score_by_hand(truth, results, 'bbox', CAT_IDS[:1], img_ids), 1)


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_hundreds_of_detections_of_one_category(make_coco: Callable, score_by_hand: Callable, iou_type: str) -> None:
    rng = np.random.default_rng(4)
    truth = random_truth(rng, 1)
    img_ids = [image['id'] for image in truth['images']]
    results = [result for _ in range(40) for result in random_results(rng, truth)]
    for result in results:
        result['category_id'] = CAT_IDS[0]
    assert len(results) > 300
    summary, _ = evaluate(make_coco(truth), results, iou_type, CAT_IDS[:1], img_ids)
    assert_equal(summary, score_by_hand(truth, results, iou_type, CAT_IDS[:1], img_ids), 'many')


def one_image(*boxes: list[float]) -> dict:
    annotations = [
        dict(id=i, image_id=0, category_id=3, bbox=box, segmentation=rle(box), area=box[2] * box[3], iscrowd=0)
        for i, box in enumerate(boxes)
    ]
    images = [dict(id=0, height=HEIGHT, width=WIDTH)]
    return dict(images=images, annotations=annotations, categories=[dict(id=3, name='c3')])


def detect(*boxes: list[float], scores: tuple[float, ...] = (0.9, 0.8, 0.7)) -> list[dict]:
    return [
        dict(image_id=0, category_id=3, bbox=box, segmentation=rle(box), score=score)
        for box, score in zip(boxes, scores, strict=False)
    ]


BIG, SMALL = [10.0, 10, 100, 100], [150.0, 120, 20, 20]


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_prediction_equal_to_truth_is_perfect(make_coco: Callable, iou_type: str) -> None:
    """Annotation ids start at 0 here, which pycocotools alone gets wrong."""
    summary, _ = evaluate(make_coco(one_image(BIG, SMALL)), detect(BIG, SMALL), iou_type, [3], [0])
    for key in ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_l', 'AR@10', 'AR@100'):
        assert summary[key] == pytest.approx(1), key
    assert np.isnan(summary['mAP_m'])
    assert summary['AR@1'] == 0.5


def test_a_shifted_box_counts_up_to_its_iou(make_coco: Callable) -> None:
    """20 of 100 pixels off: IoU 8000 / 12000 = 0.67, above four of the ten thresholds."""
    shifted = [BIG[0] + 20, *BIG[1:]]
    summary, _ = evaluate(make_coco(one_image(BIG)), detect(shifted), 'bbox', [3], [0])
    assert [summary[key] for key in ('mAP', 'mAP_50', 'mAP_75')] == pytest.approx([0.4, 1, 0])


def test_a_false_positive_above_the_true_one_halves_ap(make_coco: Callable) -> None:
    summary, _ = evaluate(make_coco(one_image(BIG)), detect(SMALL, BIG), 'bbox', [3], [0])
    assert summary['mAP_50'] == pytest.approx(0.5)
    summary, _ = evaluate(make_coco(one_image(BIG)), detect(BIG, SMALL), 'bbox', [3], [0])
    assert summary['mAP_50'] == pytest.approx(1)


def test_no_detection_at_all_is_ap_zero(make_coco: Callable) -> None:
    summary, per_category = evaluate(make_coco(one_image(BIG)), [], 'segm', [3], [0])
    assert summary['mAP_50'] == per_category[3]['mAP_50'] == summary['AR@100'] == 0


def test_a_category_without_objects_is_nan_and_out_of_the_mean(make_coco: Callable) -> None:
    truth = one_image(BIG)
    truth['categories'].append(dict(id=4, name='c4'))
    summary, per_category = evaluate(make_coco(truth), detect(BIG), 'bbox', [3, 4], [0])
    assert summary['mAP_50'] == pytest.approx(1)
    assert np.isnan(per_category[4]['mAP_50'])


def test_the_callers_annotations_stay_as_they_are(make_coco: Callable) -> None:
    coco = make_coco(one_image(BIG))
    before = copy.deepcopy(coco.dataset)
    evaluate(coco, detect(BIG), 'segm', [3], [0])
    evaluate(coco, detect(BIG), 'bbox', [3], [0])
    assert coco.dataset == before


@pytest.mark.parametrize(
    ('changes', 'img_ids', 'cat_ids', 'message'),
    [
        (dict(image_id=99), [0], [3], r'detections are of images that the annotation file does not have: \[99\]'),
        (dict(category_id=9), [0], [3], r'detections are of categories that the annotation file does not have: \[9\]'),
        (dict(), [0, 99], [3], r'episodes are of images that the annotation file does not have: \[99\]'),
        (dict(), [0], [3, 9], r'episodes are of categories that the annotation file does not have: \[9\]'),
    ],
)
def test_unknown_ids_are_refused(
    make_coco: Callable, changes: dict, img_ids: list, cat_ids: list, message: str
) -> None:
    detections = [dict(detection, **changes) for detection in detect(BIG)]
    with pytest.raises(ValueError, match=message):
        evaluate(make_coco(one_image(BIG)), detections, 'bbox', cat_ids, img_ids)


def test_masks_that_are_not_there_are_not_judged(make_coco: Callable) -> None:
    boxes = [{key: value for key, value in d.items() if key != 'segmentation'} for d in detect(BIG)]
    with pytest.raises(ValueError, match='masks are to be judged, but the detections have none; judge boxes alone'):
        evaluate(make_coco(one_image(BIG)), boxes, 'segm', [3], [0])
