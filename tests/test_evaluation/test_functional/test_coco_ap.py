"""evaluate_detections gives what pycocotools gives, and truths that nobody can dispute."""

from collections.abc import Callable

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmosis.evaluation import evaluate_detections

HEIGHT, WIDTH = 180, 200
CAT_IDS = (3, 7, 20)
NUM_SETS = 24


def rle(bbox: list[float]) -> dict:
    """A filled box with its upper left corner cut off, so that masks are not just boxes."""
    x, y, width, height = (round(value) for value in bbox)
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[y : y + height, x : x + width] = 1
    mask[y : y + height // 3, x : x + width // 3] = 0
    return mask_utils.encode(np.asfortranarray(mask))


def random_box(rng: np.random.Generator, low: float = 8) -> list[float]:
    """Xywh of any COCO size: small (< 32²), medium or large (> 96²)."""
    width, height = np.exp(rng.uniform(np.log(low), np.log(150), 2))
    return [float(rng.uniform(0, WIDTH - width)), float(rng.uniform(0, HEIGHT - height)), float(width), float(height)]


def random_truth(rng: np.random.Generator, first_id: int) -> dict:
    """Images with crowds among their objects; one may be empty, and a category may be absent."""
    present = CAT_IDS[: rng.integers(1, 4)]
    images = [dict(id=int(img_id), height=HEIGHT, width=WIDTH) for img_id in rng.permutation(40)[:5]]
    annotations = []
    for image in images:
        for _ in range(rng.integers(0, 6)):
            box = random_box(rng)
            segmentation = rle(box)
            annotations.append(
                dict(
                    id=first_id + len(annotations),
                    image_id=image['id'],
                    category_id=int(rng.choice(present)),
                    bbox=box,
                    segmentation=segmentation,
                    area=float(mask_utils.area(segmentation)),
                    iscrowd=int(rng.random() < 0.2),
                )
            )
    categories = [dict(id=cat_id, name=f'c{cat_id}') for cat_id in CAT_IDS]
    return dict(images=images, annotations=annotations, categories=categories)


def random_results(rng: np.random.Generator, truth: dict) -> list[dict]:
    """Shifted copies of the truth, some of them twice or as another category, and clutter; many scores are equal."""
    results = []
    for annotation in truth['annotations']:
        x, y, width, height = annotation['bbox']
        for _ in range(rng.integers(0, 3)):
            shift = rng.normal(0, 0.15, 2) * (width, height)
            box = [max(0.0, float(x + shift[0])), max(0.0, float(y + shift[1])), width, height]
            category = annotation['category_id'] if rng.random() < 0.9 else int(rng.choice(CAT_IDS))
            results.append(dict(image_id=annotation['image_id'], category_id=category, bbox=box))
    for image in truth['images']:
        for _ in range(rng.integers(0, 4)):
            results.append(dict(image_id=image['id'], category_id=int(rng.choice(CAT_IDS)), bbox=random_box(rng)))
    for result in results:
        result.update(score=round(float(rng.random()), 1), segmentation=rle(result['bbox']))
    return results


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_equals_pycocotools_on_random_sets(make_coco: Callable, score_by_hand: Callable, iou_type: str) -> None:
    means = []
    for seed in range(NUM_SETS):
        rng = np.random.default_rng(seed)
        truth = random_truth(rng, first_id=seed % 2)
        results = random_results(rng, truth) if seed % 8 else []
        img_ids = [image['id'] for image in truth['images']]
        summary, per_category = evaluate_detections(make_coco(truth), results, iou_type, CAT_IDS, img_ids)
        assert_equal(summary, score_by_hand(truth, results, iou_type, CAT_IDS, img_ids), seed)
        for cat_id in CAT_IDS:
            by_hand = score_by_hand(truth, results, iou_type, [cat_id], img_ids)
            assert_equal(per_category[cat_id], by_hand, f'{seed}, category {cat_id}')
        means.append(summary['mAP_50'])
    assert len({round(mean, 3) for mean in means}) > NUM_SETS // 2  # The sets are no trivial ones.


def assert_equal(got: dict[str, float], expected: dict[str, float], name: object) -> None:
    for key, value in expected.items():
        np.testing.assert_allclose(got[key], value, rtol=0, atol=1e-12, err_msg=f'{key} of set {name}')


def test_only_the_images_and_categories_asked_for_count(make_coco: Callable, score_by_hand: Callable) -> None:
    rng = np.random.default_rng(1)
    truth = random_truth(rng, 1)
    results = random_results(rng, truth)
    img_ids = [image['id'] for image in truth['images']][:3]
    summary, per_category = evaluate_detections(make_coco(truth), results, 'bbox', CAT_IDS[:1], img_ids)
    assert set(per_category) == set(CAT_IDS[:1])
    assert_equal(summary, score_by_hand(truth, results, 'bbox', CAT_IDS[:1], img_ids), 1)


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
    summary, _ = evaluate_detections(make_coco(one_image(BIG, SMALL)), detect(BIG, SMALL), iou_type, [3], [0])
    for key in ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_l', 'AR@10', 'AR@100'):
        assert summary[key] == pytest.approx(1), key
    assert np.isnan(summary['mAP_m'])
    assert summary['AR@1'] == 0.5


def test_a_shifted_box_counts_up_to_its_iou(make_coco: Callable) -> None:
    """20 of 100 pixels off: IoU 8000 / 12000 = 0.67, above four of the ten thresholds."""
    shifted = [BIG[0] + 20, *BIG[1:]]
    summary, _ = evaluate_detections(make_coco(one_image(BIG)), detect(shifted), 'bbox', [3], [0])
    assert [summary[key] for key in ('mAP', 'mAP_50', 'mAP_75')] == pytest.approx([0.4, 1, 0])


def test_a_false_positive_above_the_true_one_halves_ap(make_coco: Callable) -> None:
    summary, _ = evaluate_detections(make_coco(one_image(BIG)), detect(SMALL, BIG), 'bbox', [3], [0])
    assert summary['mAP_50'] == pytest.approx(0.5)
    summary, _ = evaluate_detections(make_coco(one_image(BIG)), detect(BIG, SMALL), 'bbox', [3], [0])
    assert summary['mAP_50'] == pytest.approx(1)


def test_no_detection_at_all_is_ap_zero(make_coco: Callable) -> None:
    summary, per_category = evaluate_detections(make_coco(one_image(BIG)), [], 'segm', [3], [0])
    assert summary['mAP_50'] == per_category[3]['mAP_50'] == summary['AR@100'] == 0


def test_a_category_without_objects_is_nan_and_out_of_the_mean(make_coco: Callable) -> None:
    truth = one_image(BIG)
    truth['categories'].append(dict(id=4, name='c4'))
    summary, per_category = evaluate_detections(make_coco(truth), detect(BIG), 'bbox', [3, 4], [0])
    assert summary['mAP_50'] == pytest.approx(1)
    assert np.isnan(per_category[4]['mAP_50'])


def test_the_callers_detections_stay_as_they_are(make_coco: Callable) -> None:
    detections = detect(BIG)
    keys = set(detections[0])
    evaluate_detections(make_coco(one_image(BIG)), detections, 'segm', [3], [0])
    evaluate_detections(make_coco(one_image(BIG)), detections, 'bbox', [3], [0])
    assert set(detections[0]) == keys


def test_detections_of_unknown_images_are_refused(make_coco: Callable) -> None:
    detections = [dict(detection, image_id=99) for detection in detect(BIG)]
    with pytest.raises(ValueError, match=r'images that the annotation file does not have: \[99\]'):
        evaluate_detections(make_coco(one_image(BIG)), detections, 'bbox', [3], [0])
