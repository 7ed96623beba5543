"""Recall, precision and F1 of searches at a score threshold, as a user sees them."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from pycocotools.coco import COCO
from terminaltables import AsciiTable

from mmosis.evaluation import Dump, filter_boxed, judge_run

THRESHOLDS = tuple(tenth / 10 for tenth in range(1, 10))


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
        """Fraction of the objects that are found, 0-1; nan without objects."""
        return _ratio(self.found, self.objects)

    @property
    def precision(self) -> float:
        """Fraction of the detections that are right, 0-1; nan without detections."""
        return _ratio(self.found, self.found + self.false)

    @property
    def f1(self) -> float:
        """Harmonic mean of both, 0-1; 0 if nothing is found, nan if there is nothing to find and nothing false."""
        return _ratio(2 * self.found, self.objects + self.found + self.false)

    @property
    def self_found_rate(self) -> float:
        """Fraction of the searches that find the boxed object itself, 0-1; nan where none is boxed."""
        return _ratio(self.self_found, self.boxed)


def count_found(dump: Dump, coco: COCO, score_thr: float) -> SearchCounts:
    """Count what all searches of a test found, by boxes at IoU 0.5; those for absent categories are skipped.

    Matched as COCO does, without a limit on the number of detections. Objects that are never searched for (crowds and
    the like, see :func:`is_ignored`) are neither to be found nor is what finds them false.

    Args:
        dump: The test. References that lie on the searched images are not counted, see :func:`filter_boxed`.
        coco: Annotations.
        score_thr: Detections with a lower score are ignored, 0-1.
    """
    return sum((_count_run(dump, run, coco, score_thr) for run in dump.run_numbers), start=SearchCounts())


def _count_run(dump: Dump, run: int, coco: COCO, score_thr: float) -> SearchCounts:
    shown = [episode for episode in dump.of_run(run) if not episode.absent]
    if not shown:
        return SearchCounts()
    seen, boxed_scores = dump.runs[run], np.empty(0)
    seen = seen[seen.scores >= score_thr]
    if dump.boxed:
        coco, seen, boxed_scores, _ = filter_boxed(coco, shown, seen)
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


def counts_table(counts: SearchCounts) -> str:
    """Table of counts, recall, precision and F1, and how often the boxed object is found, where one is boxed."""
    cells = dict(
        searches=counts.searches,
        objects=counts.objects,
        found=counts.found,
        false=counts.false,
        recall=f'{counts.recall:.3f}',
        precision=f'{counts.precision:.3f}',
        F1=f'{counts.f1:.3f}',
    )
    if counts.boxed:
        cells['self-found'] = f'{counts.self_found_rate:.3f}'
    return AsciiTable([list(cells), list(cells.values())]).table


def thresholds_table(dump: Dump, coco: COCO, thresholds: Sequence[float] = THRESHOLDS) -> str:
    """Table what each threshold would give, and how often a box is right whose score lies between it and the next.

    Args:
        dump, coco: As in :func:`count_found`.
        thresholds: Ascending, 0-1.
    """
    counts = [count_found(dump, coco, thr) for thr in thresholds]
    rows = [['from score', 'recall', 'precision', 'F1', 'boxes up to the next', 'right of them']]
    for thr, each, above in zip(thresholds, counts, [*counts[1:], SearchCounts()], strict=True):
        found, boxes = each.found - above.found, each.found + each.false - above.found - above.false
        figures = (f'{figure:.3f}' for figure in (each.recall, each.precision, each.f1))
        rows.append([f'{thr:g}', *figures, f'{boxes:,}', f'{_ratio(found, boxes):.3f}'])
    return AsciiTable(rows).table


def silent_fraction(dump: Dump, score_thr: float) -> float:
    """Fraction of the searches for absent categories that find nothing at a threshold, 0-1; nan without such a search.

    Args:
        dump: The test.
        score_thr: Detections with a lower score are ignored, 0-1.
    """
    loud = set()
    for number, run in enumerate(dump.runs):
        seen = run[run.scores >= score_thr]
        loud |= {(number, *ids) for ids in zip(seen.image_ids.tolist(), seen.category_ids.tolist(), strict=True)}
    silent = [(e.run, e.image_id, e.category_id) not in loud for e in dump.episodes if e.absent]
    return float(np.mean(silent)) if silent else float('nan')


def _ratio(part: int, total: int) -> float:
    return part / total if total else float('nan')
