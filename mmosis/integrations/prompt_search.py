"""Searches for label tools: for a bank, or for what boxes and points on an image mean."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from mmosis.search.boxed_objects import SAME_IOU, SCORE
from mmosis.search.nms import box_iou
from mmosis.search.options import SearchOptions
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.references import Box
from mmosis.search.service import SearchService
from mmosis.structures import FoundObjects

from .object_masks import rows_under, with_masks

NOT_THIS = 'not this'  # name of the negative references
LOWEST_SCORE = 0.05  # of an object that a positive point brings back

Point = tuple[float, float]


class Prompts(NamedTuple):
    """What a user marks on an image, in its pixels.

    Attributes:
        boxes: xyxy, around objects that are meant.
        negative_boxes: xyxy, around objects that are not.
        points: On objects that are in the result, whatever they score.
        negative_points: On objects that are not in it.
        name: Category of what is meant.
    """

    boxes: Sequence[Box] = ()
    negative_boxes: Sequence[Box] = ()
    points: Sequence[Point] = ()
    negative_points: Sequence[Point] = ()
    name: str = 'object'


def search_prompts(service: SearchService, image: np.ndarray, prompts: Prompts, options: SearchOptions) -> FoundObjects:
    """Search an image for all objects that are like the boxed ones on it.

    An object under a negative point is dropped, and becomes a negative reference of a second search. What that does not
    find any more is dropped too, but for what scores more than the refused object, or has a positive point: one refused
    object that is much like the others would take them all along.

    Args:
        service: What searches.
        image: (H, W, 3) BGR uint8.
        prompts: At least one box.
        options: Of the search; its threshold is that of objects under no point.

    Returns:
        FoundObjects: The best first, all of label 0, each with a mask.

    Raises:
        Busy: If too many requests wait.
        ValueError: If a box cannot be used.
    """
    references = [dict(bbox=_clip(box, image), name=prompts.name) for box in prompts.boxes]
    references += [dict(bbox=_clip(box, image), name=NOT_THIS, negative=True) for box in prompts.negative_boxes]
    found = _search(service, image, references, prompts, options)
    chosen, dropped = choose(found, prompts, options.score_thr)
    refused = [row for row in dropped if found.scores[row] < SCORE]  # no boxed object is unlike itself
    if not refused:
        return chosen
    try:
        references += [_as_negative(found, row) for row in refused]
        second, _ = choose(_search(service, image, references, prompts, options), prompts, options.score_thr)
    except ValueError:  # too small for a reference, or its mask is everything
        return chosen
    kept = chosen.scores > found.scores[refused].max()
    kept |= box_iou(chosen.bboxes, second.bboxes).max(axis=1, initial=0) >= SAME_IOU
    kept[rows_under(chosen.masks, prompts.points)] = True
    return chosen[kept]


def search_bank(service: SearchService, image: np.ndarray, bank: ReferenceBank, options: SearchOptions) -> FoundObjects:
    """Search an image (H, W, 3) BGR uint8 for a bank.

    Returns:
        FoundObjects: Those that reach the threshold, the best first, each with a mask.

    Raises:
        Busy: If too many requests wait.
        ValueError: If the bank is of another model.
    """
    found = service.search_now(image, bank, options).found
    return with_masks(found[found.scores >= options.score_thr], image.shape[:2])


def choose(found: FoundObjects, prompts: Prompts, score_thr: float) -> tuple[FoundObjects, list[int]]:
    """Choose by threshold and points.

    Returns:
        tuple: The objects that score enough, or are the best under a positive point, and under no negative one; and
        the rows of those that a negative point has dropped.
    """
    chosen = found.scores >= score_thr
    for point in prompts.points:
        chosen[rows_under(found.masks, [point])[:1]] = True
    dropped = [row for row in rows_under(found.masks, prompts.negative_points) if chosen[row]]
    chosen[dropped] = False
    return found[chosen], dropped


def _clip(box: Box, image: np.ndarray) -> Box:
    """Cut a box off at the border of an image."""
    height, width = image.shape[:2]
    return tuple(np.clip(np.array(box, float), 0, (width, height, width, height)).tolist())


def _as_negative(found: FoundObjects, row: int) -> dict:
    return dict(mask=found.masks[row], bbox=tuple(found.bboxes[row].tolist()), name=NOT_THIS, negative=True)


def _search(
    service: SearchService, image: np.ndarray, references: list[dict], prompts: Prompts, options: SearchOptions
) -> FoundObjects:
    bank = service.encode(references, searched=[image])
    lowest = min(options.score_thr, LOWEST_SCORE) if prompts.points else options.score_thr
    found = service.search_now(image, bank, replace(options, score_thr=lowest)).found
    return with_masks(found, image.shape[:2])
