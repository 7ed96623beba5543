"""evaluate_detections gives what pycocotools gives, and truths that nobody can dispute."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from random_sets import CAT_IDS, HEIGHT, WIDTH, random_results, random_truth, rle

from mmosis.evaluation import Detections, evaluate_detections

NUM_SETS = 200
CLASSWISE = 10  # every so many sets also category by category


def evaluate(coco, results: list[dict], iou_type: str, cat_ids: Sequence[int], img_ids: Sequence[int]) -> tuple:
    """Evaluate COCO results."""
    return evaluate_detections(coco, Detections.from_results(results), iou_type, cat_ids, img_ids)


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
