"""IoU and boundary IoU of masks with their true ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from faster_coco_eval.core.mask import rleToBoundary
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.evaluation import Dump, filter_boxed, is_ignored
from mmosis.evaluation.functional import overlaps_of_run

BOUNDARY_RATIO = 0.02  # of the image's diagonal, as in the paper


class MaskOverlaps(NamedTuple):
    """IoUs and boundary IoUs of N masks with their true ones, 0-1.

    Attributes:
        ious: (N,) of the masks.
        boundary_ious: (N,) of their boundaries, see :func:`boundary_ious`.
    """

    ious: np.ndarray
    boundary_ious: np.ndarray

    @classmethod
    def of(cls, masks: Sequence[Mapping], true_masks: Sequence[Mapping]) -> 'MaskOverlaps':
        """Overlaps of each of N run-length encoded masks with its own true one; ValueError if the numbers differ."""
        return cls(paired_ious(masks, true_masks), boundary_ious(masks, true_masks))

    @classmethod
    def cat(cls, parts: Sequence['MaskOverlaps']) -> 'MaskOverlaps':
        """Join overlaps, in order."""
        return cls(*(np.concatenate([np.empty(0), *(part[field] for part in parts)]) for field in range(2)))


def paired_ious(masks: Sequence[Mapping], true_masks: Sequence[Mapping]) -> np.ndarray:
    """IoU of each mask with its own true one: (N,), 0-1.

    Args:
        masks: N masks, run-length encoded.
        true_masks: Their true ones, of the same sizes.

    Raises:
        ValueError: If the numbers differ.
    """
    if len(masks) != len(true_masks):
        raise ValueError(f'each mask has a true one, got {len(masks)} and {len(true_masks)}')
    pairs = zip(masks, true_masks, strict=True)
    return np.array([mask_utils.iou([mask], [true], [0])[0, 0] for mask, true in pairs], dtype=float)


def boundary_ious(masks: Sequence[Mapping], true_masks: Sequence[Mapping], ratio: float = BOUNDARY_RATIO) -> np.ndarray:
    """Boundary IoU of each mask with its own true one (Cheng et al., CVPR 2021, arXiv 2103.16562): (N,), 0-1.

    It is the IoU of what lies in each mask within a distance of its outline. IoU of masks hardly shows how well
    edges lie where objects are large; this does. Of what is no wider than twice the distance it is the IoU of masks.

    Args:
        masks: N masks, run-length encoded.
        true_masks: Their true ones, of the same sizes.
        ratio: The distance as a fraction of the image's diagonal; at least a pixel.

    Raises:
        ValueError: If the numbers differ.
    """
    return paired_ious(*([rleToBoundary(mask, ratio) for mask in each] for each in (masks, true_masks)))


def overlaps_of_found(dump: Dump, coco: COCO, score_thr: float) -> MaskOverlaps:
    """Overlaps of the masks of detections with those of the objects that they find, by boxes at IoU 0.5.

    Detections are matched as :func:`~analysis.search_counts.count_found` has it.

    Args:
        dump: A test; runs without masks are skipped.
        coco: Annotations; objects without a mask are skipped.
        score_thr: Detections with a lower score are ignored, 0-1.

    Returns:
        MaskOverlaps: Of each object that is found.
    """
    found = [masks for run in dump.run_numbers if dump.runs[run].masks for masks in _found(dump, run, coco, score_thr)]
    return MaskOverlaps.of([mask for mask, _ in found], [true_mask for _, true_mask in found])


def _found(dump: Dump, run: int, coco: COCO, score_thr: float) -> Iterator[tuple[Mapping, Mapping]]:
    """The masks of a run's detections that find an object, each with the true one."""
    episodes, seen = dump.of_run(run), dump.runs[run]
    seen = seen[seen.scores >= score_thr]
    if dump.boxed:
        coco, seen, *_ = filter_boxed(coco, episodes, seen)
    for overlaps in overlaps_of_run(coco, episodes, seen, 'bbox', max_dets=None):
        objects, found = coco.imgToAnns[overlaps.episode.image_id], overlaps.match(overlaps.episode.category_id)
        for row, column in zip(overlaps.rows[found >= 0], found[found >= 0], strict=True):
            if not is_ignored(coco, objects[column], 'segm'):
                yield seen.masks[row], coco.annToRLE(objects[column])
