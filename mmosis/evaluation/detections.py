"""Detections: COCO results in columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmosis.utils.masks import rle_as_text
from mmosis.utils.packed import id_array

FIELDS = {'image_id', 'category_id', 'bbox', 'score'}


@dataclass(frozen=True)
class Detections:
    """COCO results in columns: a fifth of the memory of as many dicts, and quick to select from.

    Attributes:
        image_ids: (N,) as in the annotation file.
        category_ids: (N,) alike.
        bboxes: (N, 4) xywh, float64 pixels of the original image.
        scores: (N,) float64, in 0-1.
        masks: N run-length encoded masks, or None.
    """

    image_ids: np.ndarray
    category_ids: np.ndarray
    bboxes: np.ndarray
    scores: np.ndarray
    masks: Sequence[dict] | None = None

    @classmethod
    def from_results(cls, results: Sequence[Mapping]) -> 'Detections':
        """Read COCO results: dicts with ``image_id``, ``category_id``, ``bbox``, ``score`` and maybe ``segmentation``.

        Raises:
            ValueError: If one lacks a field, or only some have masks.
        """
        for result in results:
            if not result.keys() >= FIELDS or len(result['bbox']) != 4:
                raise ValueError(f'a detection must have {sorted(FIELDS)}, bbox as xywh, got {str(result)[:200]}')
        masks = [result['segmentation'] for result in results if 'segmentation' in result]
        if len(masks) not in (0, len(results)):
            raise ValueError(f'either all detections have masks or none has, got {len(masks)} of {len(results)}')
        return cls(
            id_array([result['image_id'] for result in results]),
            id_array([result['category_id'] for result in results]),
            np.array([result['bbox'] for result in results], dtype=float).reshape(-1, 4),
            np.array([result['score'] for result in results], dtype=float),
            masks if masks else None,
        )

    @classmethod
    def cat(cls, parts: Sequence['Detections']) -> 'Detections':
        """Join detections, in order."""
        if not parts:
            return cls.from_results([])
        masks = None if any(p.masks is None for p in parts) else [mask for part in parts for mask in part.masks]
        names = ('image_ids', 'category_ids', 'bboxes', 'scores')
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names), masks)

    def results(self) -> Iterator[dict]:
        """Convert to COCO results, masks with their codes as text, as JSON needs them."""
        columns = (self.image_ids.tolist(), self.category_ids.tolist(), self.bboxes.tolist(), self.scores.tolist())
        masks = [None] * len(self) if self.masks is None else self.masks
        for image_id, category_id, bbox, score, mask in zip(*columns, masks, strict=True):
            result = dict(image_id=image_id, category_id=category_id, bbox=bbox, score=score)
            yield result if mask is None else dict(result, segmentation=rle_as_text(mask))

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, index: np.ndarray) -> 'Detections':
        """Select rows by an array of indices or of booleans."""
        rows = np.flatnonzero(index) if index.dtype == bool else index
        masks = None if self.masks is None else [self.masks[row] for row in rows]
        return Detections(self.image_ids[rows], self.category_ids[rows], self.bboxes[rows], self.scores[rows], masks)

    def of_images(self, img_ids: Iterable[int | str]) -> 'Detections':
        """Select those in some images."""
        return self[np.isin(self.image_ids, id_array(list(img_ids)))]
