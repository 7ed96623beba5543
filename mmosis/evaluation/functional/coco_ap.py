"""From detections in COCO format to average precision and recall."""

import contextlib
import io
from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

AREAS = ('', '_s', '_m', '_l')
IOU_50, IOU_75 = 0, 5


def evaluate_detections(
    coco: COCO, detections: Sequence[dict], iou_type: str, cat_ids: Sequence[int], img_ids: Sequence[int]
) -> tuple[dict[str, float], dict[int, dict[str, float]]]:
    """Score detections as pycocotools does.

    Args:
        coco: Annotations.
        detections: COCO results: ``image_id``, ``category_id``, ``bbox`` xywh, ``score`` and, for 'segm',
            ``segmentation`` as RLE. None at all is fine: every AP is 0.
        iou_type: 'bbox' or 'segm'.
        cat_ids: Categories to evaluate.
        img_ids: Images to evaluate.

    Returns:
        tuple: Means over the categories, and the same for each category id. Keys: ``mAP``, ``mAP_50``, ``mAP_75``, each
        also by object size ``_s``, ``_m``, ``_l``; ``AR@1``, ``AR@10``, ``AR@100`` and ``AR_s@100`` ... Values in 0-1;
        nan where there is no object of that kind.

    Raises:
        ValueError: If a detection is of an image that the annotations do not have.
    """
    evaluation = _accumulate(coco, detections, iou_type, cat_ids, img_ids)
    precision, recall = evaluation.eval['precision'], evaluation.eval['recall']
    per_category = {
        cat_id: _summarise(precision[:, :, k : k + 1], recall[:, k : k + 1], evaluation.params.maxDets)
        for k, cat_id in enumerate(evaluation.params.catIds)
    }
    return _summarise(precision, recall, evaluation.params.maxDets), per_category


def _accumulate(
    coco: COCO, detections: Sequence[dict], iou_type: str, cat_ids: Sequence[int], img_ids: Sequence[int]
) -> COCOeval:
    coco = _without_id_zero(coco)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(coco, _load_results(coco, detections, iou_type), iou_type)
        evaluation.params.catIds = sorted(cat_ids)
        evaluation.params.imgIds = sorted(img_ids)
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def _load_results(coco: COCO, detections: Sequence[dict], iou_type: str) -> COCO:
    """pycocotools' ``loadRes``, which fails on an empty list and takes a mask's size from its box."""
    unknown = {detection['image_id'] for detection in detections} - set(coco.imgs)
    if unknown:
        raise ValueError(f'detections are of images that the annotation file does not have: {sorted(unknown)[:5]}')
    if not detections:
        results = COCO()
        results.dataset = dict(coco.dataset, annotations=[])
        results.createIndex()
        return results
    if iou_type == 'segm':
        detections = [{key: value for key, value in d.items() if key != 'bbox'} for d in detections]
    # pycocotools adds keys to them.
    return coco.loadRes([dict(detection) for detection in detections])


def _without_id_zero(coco: COCO) -> COCO:
    """Renumber annotations that start at 0: pycocotools takes a match with id 0 for none."""
    if 0 not in coco.anns:
        return coco
    renumbered = COCO()
    annotations = [dict(annotation, id=i) for i, annotation in enumerate(coco.dataset['annotations'], 1)]
    renumbered.dataset = dict(coco.dataset, annotations=annotations)
    with contextlib.redirect_stdout(io.StringIO()):
        renumbered.createIndex()
    return renumbered


def _summarise(precision: np.ndarray, recall: np.ndarray, max_dets: Sequence[int]) -> dict[str, float]:
    """Average precision (T, R, K, A, M) and recall (T, K, A, M) as COCOeval's summary does."""
    summary = {}
    for area, suffix in enumerate(AREAS):
        for name, thresholds in (('mAP', slice(None)), ('mAP_50', IOU_50), ('mAP_75', IOU_75)):
            summary[name + suffix] = _mean(precision[thresholds, ..., area, -1])
    for m, max_det in enumerate(max_dets):
        summary[f'AR@{max_det}'] = _mean(recall[..., 0, m])
    for area, suffix in list(enumerate(AREAS))[1:]:
        summary[f'AR{suffix}@{max_dets[-1]}'] = _mean(recall[..., area, -1])
    return summary


def _mean(values: np.ndarray) -> float:
    valid = values[values > -1]
    return float(valid.mean()) if valid.size else float('nan')
