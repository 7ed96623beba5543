"""What a user sees of searches: what is found at the threshold, counted over all of them."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord

from .boxed import leave_out_boxed
from .judgement import judge_run


@dataclass(frozen=True)
class SearchCounts:
    """Counts over searches for what their images show, at a threshold and IoU 0.5; they can be added.

    Attributes:
        searches: How many.
        objects: To be found.
        found: Of these.
        false: Detections that find none, duplicates among them.
        boxed: Searches for an object that is boxed on the searched image; it is in none of the counts above.
        self_found: Of these, the searches that find the boxed object itself.
    """

    searches: int = 0
    objects: int = 0
    found: int = 0
    false: int = 0
    boxed: int = 0
    self_found: int = 0

    def __add__(self, other: 'SearchCounts') -> 'SearchCounts':
        return SearchCounts(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    @property
    def recall(self) -> float:
        """Share of the objects that is found, 0-1; nan without objects."""
        return _share(self.found, self.objects)

    @property
    def precision(self) -> float:
        """Share of the detections that is right, 0-1; nan without detections."""
        return _share(self.found, self.found + self.false)

    @property
    def f1(self) -> float:
        """Harmonic mean of both, 0-1; 0 if nothing is found, nan if there is nothing to find and nothing false."""
        return _share(2 * self.found, self.objects + self.found + self.false)

    @property
    def self_found_rate(self) -> float:
        """Share of the searches that finds the boxed object itself, 0-1; nan where none is boxed."""
        return _share(self.self_found, self.boxed)


def count_found(
    coco: COCO, episodes: Sequence[EpisodeRecord], detections: Detections, score_thr: float, boxed: bool = False
) -> SearchCounts:
    """Count what the searches of a run found, by boxes at IoU 0.5; those for absent categories are left out.

    Matched as COCO does, without a bound on the number of detections. Objects that are never searched for (crowds and
    the like, see :func:`is_ignored`) are neither to be found nor is what finds them false.

    Args:
        coco: Annotations.
        episodes: Those of the run.
        detections: Those of the run.
        score_thr: What scores less is not seen, 0-1.
        boxed: Whether the references lie on the searched images, see :func:`leave_out_boxed`.
    """
    shown = [episode for episode in episodes if not episode.absent]
    if not shown:
        return SearchCounts()
    seen, boxed_scores = detections[detections.scores >= score_thr], np.empty(0)
    if boxed:
        coco, seen, boxed_scores, _ = leave_out_boxed(coco, shown, seen)
    judgement = judge_run(coco, shown, seen, max_dets=None)
    num_right = int(judgement.correct.sum())
    return SearchCounts(
        searches=len(shown),
        objects=int(judgement.num_objects.sum()),
        found=num_right,
        false=len(judgement.correct) - num_right,
        boxed=len(boxed_scores),
        self_found=int(np.isfinite(boxed_scores).sum()),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float('nan')
