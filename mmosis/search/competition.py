"""Which category a region is of, when several find it."""

import torch
from mmcv.ops import nms
from mmengine.structures import InstanceData


def compete(instances: InstanceData, num_wanted: int, iou_thr: float) -> InstanceData:
    """Leave one winner for each region: the category that matches it best.

    Greedy NMS over the boxes of all categories. What a negative category wins goes with it: "like this, not like that".
    Detections of one category alone all stay: the detector has settled which of them are one object, by boxes that may
    have been more precise.

    The paper asks for one category at a time (and names the missing decision among several as a weakness, section 7).

    Args:
        instances: Detections of one image with ``bboxes``, ``scores`` and ``labels``.
        num_wanted: Labels below it are wanted, the others negative.
        iou_thr: Boxes that overlap by more than this are of one region.

    Returns:
        InstanceData: The winners of the wanted categories, the best first.
    """
    if len(instances.labels.unique()) < 2:
        return keep_wanted(instances, num_wanted)
    _, kept = nms(instances.bboxes.float(), instances.scores.float(), iou_thr)
    return keep_wanted(instances[kept], num_wanted)


def keep_wanted(instances: InstanceData, num_wanted: int) -> InstanceData:
    """Leave out what negative categories found; sort by score, the best first."""
    wanted = instances[instances.labels < num_wanted]
    return wanted[torch.argsort(wanted.scores, descending=True, stable=True)]
