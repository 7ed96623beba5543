"""random_detections: the right objects in random places."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from episode_results import ask
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.evaluation import evaluate_runs
from mmosis.evaluation.random_baseline import random_detections
from mmosis.utils.coco_file import load_coco

BICYCLE, CAR, MOTORCYCLE, PERSON = 20, 30, 40, 10


def detect(coco: COCO, cat_ids: Iterable[int], img_ids: Iterable[int], seed: int, run: int = 0) -> list[dict]:
    """Random detections of some categories in some images, as COCO results."""
    searched = list(itertools.product(img_ids, cat_ids))
    return list(random_detections(coco, searched, seed, run).results())


@pytest.fixture
def coco(tiny_coco: Callable[..., Path]) -> COCO:
    return load_coco(str(tiny_coco() / 'annotations.json'))


def test_as_many_as_there_are_objects_without_crowds(coco: COCO) -> None:
    detections = detect(coco, [BICYCLE, CAR], [7, 3], seed=0)
    found = sorted((detection['image_id'], detection['category_id']) for detection in detections)
    assert found == [(3, BICYCLE), (3, CAR), (7, BICYCLE), (7, BICYCLE), (7, CAR)]  # Image 3 has a bicycle crowd too.


def test_they_lie_inside_the_image_and_keep_their_size(coco: COCO) -> None:
    sizes = {(a['image_id'], a['category_id'], *a['bbox'][2:]) for a in coco.dataset['annotations']}
    for seed in range(20):
        for detection in detect(coco, list(coco.cats), list(coco.imgs), seed):
            x, y, width, height = detection['bbox']
            image = coco.imgs[detection['image_id']]
            assert 0 <= x <= image['width'] - width
            assert 0 <= y <= image['height'] - height
            assert (detection['image_id'], detection['category_id'], width, height) in sizes
            assert 0.8 <= detection['score'] <= 1.0


def test_the_mask_follows_its_box(coco: COCO) -> None:
    for seed in range(20):
        for detection in detect(coco, [BICYCLE, MOTORCYCLE, PERSON], [7, 3], seed):
            mask = mask_utils.decode(detection['segmentation'])
            x, y, width, height = detection['bbox']
            image = coco.imgs[detection['image_id']]
            assert mask.shape == (image['height'], image['width'])
            assert mask.sum() == width * height  # Objects of the tiny set fill their box.
            rows, columns = np.nonzero(mask)
            assert (columns.min(), rows.min()) == pytest.approx((x, y), abs=0.51)


def test_places_are_uniform(coco: COCO) -> None:
    """The motorcycle of image 3 is 25x20 in 96x64 (w x h): its corner is uniform in 0-71 and 0-44."""
    boxes = [detect(coco, [MOTORCYCLE], [3], seed)[0]['bbox'] for seed in range(400)]
    quarters = np.array(boxes)[:, :2] / (71, 44)
    for axis in range(2):
        counts, _ = np.histogram(quarters[:, axis], bins=4, range=(0, 1))
        assert counts.sum() == 400
        assert abs(counts - 100).max() < 35  # Four standard deviations.


def test_a_function_of_seed_image_and_run(coco: COCO) -> None:
    both = detect(coco, [BICYCLE, CAR], [7, 3], seed=5)
    assert both == detect(coco, [BICYCLE, CAR], [7, 3], seed=5)
    assert both != detect(coco, [BICYCLE, CAR], [7, 3], seed=6)
    assert both != detect(coco, [BICYCLE, CAR], [7, 3], seed=5, run=1)
    alone = detect(coco, [BICYCLE, CAR], [3], seed=5)
    assert alone == [detection for detection in both if detection['image_id'] == 3]


def test_every_image_has_draws_of_its_own(coco: COCO) -> None:
    """Cars of 30x25 in 100x80 and of 24x24 in 60x60 (w x h) are not at the same fraction of the way."""
    here, there = (detect(coco, [CAR], [img_id], seed=0)[0]['bbox'][0] for img_id in (7, 5))
    assert here / (100 - 30) != pytest.approx(there / (60 - 24))


def test_an_object_as_large_as_the_image_stays(tiny_coco: Callable[..., Path]) -> None:
    def fill(annotations: list[dict]) -> list[dict]:
        (first, *_) = [a for a in annotations if a['image_id'] == 5]
        corners = [0, 0, 60, 0, 60, 60, 0, 60]
        return [dict(first, bbox=[0, 0, 60, 60], segmentation=[corners], area=3600)]

    coco = load_coco(str(tiny_coco(annotations=fill) / 'annotations.json'))
    (detection,) = detect(coco, [CAR], [5], seed=0)
    assert detection['bbox'] == [0, 0, 60, 60]
    assert mask_utils.decode(detection['segmentation']).all()


def test_objects_without_masks_give_boxes_alone(tiny_coco: Callable[..., Path]) -> None:
    def without_masks(annotations: list[dict]) -> list[dict]:
        return [{key: value for key, value in a.items() if key != 'segmentation'} for a in annotations]

    coco = load_coco(str(tiny_coco(annotations=without_masks) / 'annotations.json'))
    assert random_detections(coco, [(7, CAR)], seed=0).masks is None


def test_where_some_objects_have_no_mask_it_is_their_box(tiny_coco: Callable[..., Path]) -> None:
    def mixed(annotations: list[dict]) -> list[dict]:
        return [dict(a, segmentation=a['segmentation'] if a['category_id'] == CAR else []) for a in annotations]

    coco = load_coco(str(tiny_coco(annotations=mixed) / 'annotations.json'))
    for detection in detect(coco, [BICYCLE, CAR], [7], seed=0):
        assert mask_utils.area(detection['segmentation']) == np.prod(detection['bbox'][2:])
    metrics = evaluate_runs(coco, [ask(7, BICYCLE), ask(7, CAR)], [random_detections(coco, [(7, CAR)], seed=0)])
    assert metrics['segm']['per_category']['car']['mAP_50'] == metrics['bbox']['per_category']['car']['mAP_50']
    assert np.isnan(metrics['segm']['per_category']['bicycle']['mAP_50'])


def test_objects_that_cannot_be_found_are_skipped(tiny_coco: Callable[..., Path]) -> None:
    def ignore_cars(annotations: list[dict]) -> list[dict]:
        return [dict(a, ignore=int(a['category_id'] == CAR)) for a in annotations]

    coco = load_coco(str(tiny_coco(annotations=ignore_cars) / 'annotations.json'))
    assert {detection['category_id'] for detection in detect(coco, [BICYCLE, CAR], [7, 3], seed=0)} == {BICYCLE}
