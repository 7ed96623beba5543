"""How good the masks of what searches found are."""

from collections.abc import Sequence

from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord

from .boxed import leave_out_boxed
from .mask_overlaps import MaskOverlaps
from .matching import overlaps_of_run
from .truth import is_ignored


def overlaps_of_found(
    coco: COCO, episodes: Sequence[EpisodeRecord], detections: Detections, score_thr: float, boxed: bool = False
) -> MaskOverlaps:
    """Compare the masks of detections with those of the objects that they find, by boxes at IoU 0.5.

    Detections are matched as :func:`count_found` has it.

    Args:
        coco: Annotations; objects without a mask are left out.
        episodes: Those of a run.
        detections: Those of the run, with masks.
        score_thr: What scores less is not seen, 0-1.
        boxed: Whether the references lie on the searched images and are left out, see :func:`leave_out_boxed`.

    Returns:
        MaskOverlaps: Of each object that is found.
    """
    seen = detections[detections.scores >= score_thr]
    if boxed:
        coco, seen, *_ = leave_out_boxed(coco, episodes, seen)
    masks, true_masks = [], []
    for overlaps in overlaps_of_run(coco, episodes, seen, 'bbox', max_dets=None):
        objects, found = coco.imgToAnns[overlaps.episode.image_id], overlaps.match(overlaps.episode.category_id)
        for row, column in zip(overlaps.rows[found >= 0], found[found >= 0], strict=True):
            if not is_ignored(coco, objects[column], 'segm'):
                masks.append(seen.masks[row])
                true_masks.append(coco.annToRLE(objects[column]))
    return MaskOverlaps.of(masks, true_masks)
