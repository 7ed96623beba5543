"""Searches by a box on the searched image itself: the boxed object is neither missed nor a false positive."""

import copy
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord

from .matching import overlaps_of_run


class WithoutBoxed(NamedTuple):
    """A run without the boxed objects.

    Attributes:
        coco: The annotations without them.
        detections: Those of the run without the ones that find them.
        boxed_scores: (E,) score of the detection that finds each episode's boxed object at IoU 0.5; nan without one.
        kept: (N,) which of the run's detections remain.
    """

    coco: COCO
    detections: Detections
    boxed_scores: np.ndarray
    kept: np.ndarray


def filter_boxed(
    coco: COCO, episodes: Sequence[EpisodeRecord], detections: Detections, iou_type: str = 'bbox'
) -> WithoutBoxed:
    """Filter the references that lie on the searched image, and the detections that find them.

    Detections are matched as COCO does, the boxed object among all others; so the one that finds it is filtered, and a
    second one is a duplicate, as with every object.

    Args:
        coco: Annotations.
        episodes: Those of one run; their references are of these annotations.
        detections: Those of the run.
        iou_type: 'bbox' or 'segm'.
    """
    scores = np.full(len(episodes), np.nan)
    kept, boxed = np.ones(len(detections), dtype=bool), set()
    for number, overlaps in enumerate(overlaps_of_run(coco, episodes, detections, iou_type, max_dets=None)):
        objects = coco.imgToAnns[overlaps.episode.image_id]
        columns = [column for column, each in enumerate(objects) if each['id'] in overlaps.episode.reference_ids]
        boxed |= {objects[column]['id'] for column in columns}
        finds = np.isin(overlaps.match(overlaps.episode.category_id), columns)
        kept[overlaps.rows[finds]] = False
        scores[number] = overlaps.scores[finds][0] if finds.any() else np.nan
    return WithoutBoxed(_without(coco, boxed), detections[kept], scores, kept)


def _without(coco: COCO, ann_ids: set[int | str]) -> COCO:
    """Copy the annotations without some; evaluations use the list of each image."""
    left = copy.copy(coco)
    left.imgToAnns = defaultdict(list)
    for img_id, annotations in coco.imgToAnns.items():
        left.imgToAnns[img_id] = [a for a in annotations if a['id'] not in ann_ids]
    return left
