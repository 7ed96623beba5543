"""Fixtures that score by pycocotools, called by hand: the measure of every evaluation."""

import contextlib
import copy
import io
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from random_sets import as_crowds

# Our names for the twelve numbers of COCOeval.stats, in their order.
STATS = [
    *('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l'),
    *('AR@1', 'AR@10', 'AR@100', 'AR_s@100', 'AR_m@100', 'AR_l@100'),
]


@pytest.fixture
def make_coco() -> Callable[[dict], COCO]:
    """Index annotations given as a dict."""

    def make(dataset: dict) -> COCO:
        coco = COCO()
        coco.dataset = copy.deepcopy(dataset)
        with contextlib.redirect_stdout(io.StringIO()):
            coco.createIndex()
        return coco

    return make


@pytest.fixture
def score_by_hand(make_coco: Callable) -> Callable[..., dict[str, float]]:
    """Score as pycocotools' own demo does; -1 (no such object) becomes nan.

    Annotations are numbered from 1, since pycocotools takes a match with annotation 0 for none.
    """

    def score(
        dataset: dict, detections: Sequence[dict], iou_type: str, cat_ids: Sequence[int], img_ids: Sequence[int]
    ) -> dict[str, float]:
        annotations = [dict(annotation, id=i) for i, annotation in enumerate(dataset['annotations'], 1)]
        truth = make_coco(dict(dataset, annotations=annotations))
        if iou_type == 'segm':
            detections = [{key: value for key, value in d.items() if key != 'bbox'} for d in detections]
        with contextlib.redirect_stdout(io.StringIO()):
            found = truth.loadRes(copy.deepcopy(detections)) if detections else make_coco(dict(dataset, annotations=[]))
            evaluation = COCOeval(truth, found, iou_type)
            evaluation.params.catIds, evaluation.params.imgIds = list(cat_ids), list(img_ids)
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return {
            name: float('nan') if value == -1 else value for name, value in zip(STATS, evaluation.stats, strict=True)
        }

    return score


@pytest.fixture
def score_searches_by_hand(score_by_hand: Callable) -> Callable[..., tuple[dict, dict]]:
    """Score each category in the images that were searched for it, by a pycocotools of its own: mean, and each's."""

    def score(dataset: dict, detections: Sequence[dict], iou_type: str, searched: dict) -> tuple[dict, dict]:
        scores = {}
        for cat_id, img_ids in searched.items():
            found = [d for d in detections if d['category_id'] == cat_id and d['image_id'] in img_ids]
            scores[cat_id] = score_by_hand(as_crowds(dataset, iou_type), found, iou_type, [cat_id], img_ids)
        columns = {name: np.array([one[name] for one in scores.values()]) for name in STATS}
        means = {name: np.nanmean(c) if not np.isnan(c).all() else float('nan') for name, c in columns.items()}
        return means, scores

    return score
