"""COCO's average precision and recall of detections, where each category has its own searched images."""

import itertools
import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from faster_coco_eval import COCO as FastCOCO
from faster_coco_eval import COCOeval_faster
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections

from .truth import is_ignored, true_mask

Id = int | str
AREAS = ('', '_s', '_m', '_l')
IOU_50, IOU_75 = 0, 5
MAX_DETS = (1, 10, 100)
LEAST_IOU = 0.5
# Thresholds, recalls, no category, areas and numbers of detections, as COCOeval has them.
NOTHING = dict(precision=np.empty((10, 101, 0, 4, 3)), recall=np.empty((10, 0, 4, 3)))


def evaluate_searches(
    coco: COCO, detections: Detections, iou_type: str, searched: Mapping[Id, Collection[Id]]
) -> tuple[dict[str, float], dict[Id, dict[str, float]]]:
    """Score detections as pycocotools does, each category in the images that were searched for it.

    Objects that are never searched for (see :func:`is_ignored`) are ignored as COCO's crowds are: they are not missed,
    and what is found there does not count. One category after the other, so that no more than one's objects are in
    memory as dicts.

    Args:
        coco: Annotations.
        detections: What was found; what lies in other images than those searched for its category does not count.
        iou_type: 'bbox' or 'segm'.
        searched: Image ids by category id.

    Returns:
        tuple: Means over the categories, and the same for each category id. Keys: ``mAP``, ``mAP_50``, ``mAP_75``, each
        also by object size ``_s``, ``_m``, ``_l``; ``AR@1``, ``AR@10``, ``AR@100`` and ``AR_s@100`` ... Values in 0-1;
        nan where there is no such object.

    Raises:
        ValueError: If images or categories are unknown, or masks are to be judged that are not there.
    """
    _check(coco, detections, iou_type, searched)
    cat_ids = sorted(searched)
    truth = _truth_by_category(coco, searched)
    evaluations = {
        cat_id: _evaluate_category(coco, truth[cat_id], found, iou_type)
        for cat_id, found in zip(cat_ids, _found_by_category(detections, cat_ids, searched), strict=True)
    }
    per_category = {cat_id: _summarise(e['precision'], e['recall']) for cat_id, e in evaluations.items()}
    precision = np.concatenate([NOTHING['precision'], *(e['precision'] for e in evaluations.values())], axis=2)
    recall = np.concatenate([NOTHING['recall'], *(e['recall'] for e in evaluations.values())], axis=1)
    return _summarise(precision, recall), per_category


def _check(coco: COCO, detections: Detections, iou_type: str, searched: Mapping[Id, Collection[Id]]) -> None:
    img_ids = {img_id for images in searched.values() for img_id in images}
    for things, known, asked, found in (
        ('images', coco.imgs, img_ids, detections.image_ids),
        ('categories', coco.cats, searched, detections.category_ids),
    ):
        for what, ids in (('detections are', set(found.tolist())), ('episodes are', set(asked))):
            if unknown := sorted(ids - set(known)):
                raise ValueError(f'{what} of {things} that the annotation file does not have: {unknown[:5]}')
    if iou_type == 'segm' and detections.masks is None and len(detections):
        raise ValueError('masks are to be judged, but the detections have none; judge boxes alone')


def _truth_by_category(coco: COCO, searched: Mapping[Id, Collection[Id]]) -> dict[Id, list[dict]]:
    """List the objects of each category in the images that were searched for it."""
    categories = defaultdict(set)
    for cat_id, images in searched.items():
        for img_id in images:
            categories[img_id].add(cat_id)
    truth: dict[Id, list[dict]] = {cat_id: [] for cat_id in searched}
    for img_id in sorted(categories):
        for annotation in coco.imgToAnns[img_id]:
            if annotation['category_id'] in categories[img_id]:
                truth[annotation['category_id']].append(annotation)
    return truth


def _found_by_category(
    detections: Detections, cat_ids: Sequence[Id], searched: Mapping[Id, Collection[Id]]
) -> Iterator[Detections]:
    """Give each category's detections in the images that were searched for it, in their order."""
    numbers = {cat_id: number for number, cat_id in enumerate(cat_ids)}
    categories = np.array([numbers.get(cat_id, -1) for cat_id in detections.category_ids.tolist()], dtype=np.int64)
    order = np.argsort(categories, kind='stable')
    ends = np.searchsorted(categories[order], np.arange(len(cat_ids) + 1))
    for cat_id, (start, end) in zip(cat_ids, itertools.pairwise(ends), strict=True):
        images, rows = set(searched[cat_id]), order[start:end]
        inside = [img_id in images for img_id in detections.image_ids[rows].tolist()]
        yield detections[rows[np.array(inside, dtype=bool)]]


def _evaluate_category(coco: COCO, truth: Sequence[dict], found: Detections, iou_type: str) -> dict[str, np.ndarray]:
    """Evaluate one category; images without annotations and detections are skipped.

    Ids are renumbered: the library wants integers, and takes a match with annotation 0 for none.
    """
    img_ids = sorted({a['image_id'] for a in truth} | set(found.image_ids.tolist()))
    numbers = {img_id: number for number, img_id in enumerate(img_ids, 1)}
    images = [dict(coco.imgs[img_id], id=number) for img_id, number in numbers.items()]
    evaluation = COCOeval_faster(
        _index(images, _as_truth(coco, truth, iou_type, numbers)),
        _index(images, _as_annotations(coco, truth, found, iou_type, numbers)),
        iou_type,
    )
    evaluation.evaluate()
    evaluation.accumulate()
    return evaluation.eval


def _as_truth(coco: COCO, truth: Sequence[dict], iou_type: str, numbers: Mapping[Id, int]) -> list[dict]:
    """Mark ignored objects as crowds: pycocotools has no other flag for it."""
    rows = [
        dict(
            annotation,
            id=i,
            image_id=numbers[annotation['image_id']],
            category_id=1,
            iscrowd=int(is_ignored(coco, annotation, iou_type)),
        )
        for i, annotation in enumerate(truth, 1)
    ]
    for row, annotation in zip(rows, truth, strict=True):
        if iou_type == 'segm' and not annotation.get('segmentation'):
            row['segmentation'] = true_mask(coco, annotation)
    return rows


def _as_annotations(
    coco: COCO, truth: Sequence[dict], found: Detections, iou_type: str, numbers: Mapping[Id, int]
) -> list[dict]:
    """Convert detections as pycocotools' ``loadRes`` does: with the area of the box or mask that is judged."""
    if iou_type == 'segm':
        # One by one: pycocotools counts no more than 255 masks at a time with NumPy 2.
        areas = [float(mask_utils.area(mask)) for mask in found.masks or []]
        key, shapes = 'segmentation', _without_hopeless(coco, truth, found, areas)
    else:
        areas = (found.bboxes[:, 2] * found.bboxes[:, 3]).tolist()
        key, shapes = 'bbox', found.bboxes.tolist()
    rows = zip(found.image_ids.tolist(), shapes, areas, found.scores.tolist(), strict=True)
    return [
        {'id': i, 'image_id': numbers[img_id], 'category_id': 1, 'iscrowd': 0, key: shape, 'area': area, 'score': score}
        for i, (img_id, shape, area, score) in enumerate(rows, 1)
    ]


def _without_hopeless(coco: COCO, truth: Sequence[dict], found: Detections, areas: Sequence[float]) -> list[dict]:
    """Empty the masks that are too large or too small to reach the lowest IoU threshold, which saves time.

    IoU is no more than the ratio of the areas. A crowd's overlap has no such bound, and there is none for empty truth.
    """
    of_image = defaultdict(list)
    for annotation in truth:
        area = 0 if is_ignored(coco, annotation, 'segm') else mask_utils.area(true_mask(coco, annotation))
        of_image[annotation['image_id']].append(float(area))
    sizes = {tuple(mask['size']) for mask in found.masks or []}
    empty = {size: mask_utils.frPyObjects(dict(size=size, counts=[math.prod(size)]), *size) for size in sizes}
    rows = zip(found.image_ids.tolist(), found.masks or [], areas, strict=True)
    return [
        mask
        if any(not other or min(area, other) >= LEAST_IOU * max(area, other) for other in of_image[img_id])
        else empty[tuple(mask['size'])]
        for img_id, mask, area in rows
    ]


def _index(images: list[dict], annotations: list[dict]) -> FastCOCO:
    return FastCOCO(dict(images=images, annotations=annotations, categories=[dict(id=1, name='')]))


def _summarise(precision: np.ndarray, recall: np.ndarray) -> dict[str, float]:
    """Average precision (T, R, K, A, M) and recall (T, K, A, M) as COCOeval's summary does."""
    summary = {}
    for area, suffix in enumerate(AREAS):
        for name, thresholds in (('mAP', slice(None)), ('mAP_50', IOU_50), ('mAP_75', IOU_75)):
            summary[name + suffix] = _mean(precision[thresholds, ..., area, -1])
    for m, max_det in enumerate(MAX_DETS):
        summary[f'AR@{max_det}'] = _mean(recall[..., 0, m])
    for area, suffix in list(enumerate(AREAS))[1:]:
        summary[f'AR{suffix}@{MAX_DETS[-1]}'] = _mean(recall[..., area, -1])
    return summary


def _mean(values: np.ndarray) -> float:
    valid = values[values > -1]
    return float(valid.mean()) if valid.size else float('nan')
