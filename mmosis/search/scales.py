"""How large an object is in an image, and how what the image gave at several scales becomes one."""

from collections.abc import Sequence

import numpy as np

from mmosis.structures import FoundObjects

from .tiling import drop_duplicates
from .views import ViewSettings

Size = tuple[float, float]
SizedReference = tuple[Size | None, Size | None]  # (w, h) of its box and of its picture, px


def known_sizes(
    references: Sequence[SizedReference], img_shape: tuple[int, int], settings: ViewSettings
) -> list[float]:
    """How large a category's object is in an image, as far as its references tell.

    Args:
        references: For each the (w, h) of its box and of the picture that it is on, in pixels; None where unknown.
        img_shape: (h, w) of the image.
        settings: What counts as a picture of the same size, and as a crop.

    Returns:
        list[float]: Root of the area of the box of each that tells it, in pixels of the image.
    """
    return [
        float(np.sqrt(np.prod(box)))
        for box, picture in references
        if box is not None and picture is not None and _tells(box, picture, img_shape, settings)
    ]


def mean_size(sizes: Sequence[float]) -> float | None:
    """Geometric mean of what :func:`known_sizes` gives; None if no reference tells a size."""
    return float(np.exp(np.mean(np.log(sizes)))) if sizes else None


def found_size(found: FoundObjects, credible_score: float) -> float | None:
    """How large objects are, by what a search found.

    Args:
        found: Detections of one category.
        credible_score: What scores less counts for nothing; nor does what scores less than half of the best.

    Returns:
        float | None: Median of the roots of the boxes' areas, in pixels of the image; None if nothing counts.
    """
    counts = found.scores >= max(credible_score, found.scores.max(initial=0) / 2)
    sizes = np.sqrt(np.prod(found.bboxes[counts, 2:] - found.bboxes[counts, :2], axis=1))
    return float(np.median(sizes)) if sizes.any() else None


def merge_scales(results: Sequence[FoundObjects], iou_thr: float) -> FoundObjects:
    """Merge what an image gave at several scales: of what several find, the best stays.

    Greedy NMS between scales for each label; what a scale keeps apart stays apart.

    Args:
        results: For each scale the detections: ``bboxes`` (N, 4) xyxy, ``scores``, ``labels`` and maybe ``masks``, all
            in the frame of the image.
        iou_thr: Boxes that overlap by more than this are of one object.

    Returns:
        FoundObjects: The same columns; of several scales by falling score.
    """
    if len(results) == 1:
        return results[0]
    seen = [
        result.with_columns(seen_by=np.full(len(result), frozenset([number]))) for number, result in enumerate(results)
    ]
    return drop_duplicates(FoundObjects.cat(seen), iou_thr).without_columns('seen_by')


def _tells(box: Size, picture: Size, img_shape: tuple[int, int], settings: ViewSettings) -> bool:
    """Whether a box tells how large its object is in an image."""
    ratio = max(picture) / max(img_shape)
    fill = np.sqrt(np.prod(box) / np.prod(picture))
    return max(ratio, 1 / ratio) <= settings.same_size and fill <= settings.max_fill
