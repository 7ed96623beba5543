"""Calibration of a model's scores, fitted to searches of annotated images."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation import Detections, Dump, filter_boxed, judge_run
from mmosis.search.base import SearchBase
from mmosis.search.known_objects import known_sizes
from mmosis.search.score_calibration import Calibration, SizeCalibration, size_misfit
from mmosis.search.views import ViewSettings
from mmosis.structures import EpisodeRecord
from mmosis.utils.coco_file import load_coco
from mmosis.utils.rng import generator

from .reliability import fit_calibration, measure_reliability
from .search_counts import SearchCounts, count_found, silent_fraction
from .search_measure import measure_search
from .search_plan import SearchPlan

SILENT = 0.95  # fraction of the searches for what an image does not show that must find nothing


@dataclass(frozen=True)
class SearchTest:
    """Searches of one folder whose references come from one place, with the scores that the network gave.

    Attributes:
        name: Name in tables.
        coco: Annotations.
        dump: Episodes and detections, not calibrated.
        misfits: For each run (N,) :func:`~mmosis.search.score_calibration.size_misfit` of its detections; nan where the
            size of the object is not known.
    """

    name: str
    coco: COCO
    dump: Dump
    misfits: list[np.ndarray]

    @classmethod
    def of(cls, name: str, coco: COCO, dump: Dump, settings: ViewSettings) -> 'SearchTest':
        """Make a test of a dump; the settings say when a size counts as known."""
        runs = enumerate(dump.runs)
        return cls(name, coco, dump, [_find_misfits(coco, dump.of_run(i), run, settings) for i, run in runs])

    @property
    def knows_sizes(self) -> bool:
        """Whether the size of the object is known in some searches."""
        return any(np.isfinite(misfits).any() for misfits in self.misfits)

    def half(self, held_out: bool) -> 'SearchTest | None':
        """The searches in one half of the images, chosen by their ids; None if there are none."""
        episodes = [episode for episode in self.dump.episodes if _is_held_out(episode.image_id) == held_out]
        if not episodes:
            return None
        kept = [np.array([_is_held_out(i) == held_out for i in run.image_ids.tolist()], bool) for run in self.dump.runs]
        runs = [run[rows] for run, rows in zip(self.dump.runs, kept, strict=True)]
        misfits = [each[rows] for each, rows in zip(self.misfits, kept, strict=True)]
        return replace(self, dump=replace(self.dump, episodes=episodes, runs=runs), misfits=misfits)

    def calibrated(self, calibration: Calibration | None) -> 'SearchTest':
        """Copy with calibrated scores."""
        if calibration is None:
            return self
        runs = [
            replace(run, scores=_apply(calibration, run.scores, misfits, self.dump.boxed))
            for run, misfits in zip(self.dump.runs, self.misfits, strict=True)
        ]
        return replace(self, dump=replace(self.dump, runs=runs))

    def count_found(self, score_thr: float) -> SearchCounts:
        """Count what was found at a threshold, 0-1."""
        return count_found(self.dump, self.coco, score_thr)

    def silent_fraction(self, score_thr: float) -> float:
        """Fraction of the searches for absent categories that find nothing, 0-1; nan without such a search."""
        return silent_fraction(self.dump, score_thr)

    def judge(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scores, misfits and whether right of all detections; what finds a boxed object is skipped."""
        parts = [self._judge_run(number) for number in self.dump.run_numbers]
        return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))

    def loudest(self) -> np.ndarray:
        """Best score of each search for an absent category, 0 where nothing was found."""
        best = {(e.run, e.image_id, e.category_id): 0.0 for e in self.dump.episodes if e.absent}
        for number, run in enumerate(self.dump.runs):
            rows = zip(run.image_ids.tolist(), run.category_ids.tolist(), run.scores.tolist(), strict=True)
            for image_id, category_id, score in rows:
                key = (number, image_id, category_id)
                if key in best:
                    best[key] = max(best[key], score)
        return np.array(list(best.values()))

    def _judge_run(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        coco, episodes, run = self.coco, self.dump.of_run(number), self.dump.runs[number]
        rows = np.arange(len(run))
        if self.dump.boxed:
            others = filter_boxed(coco, episodes, run)
            coco, run, rows = others.coco, others.detections, np.flatnonzero(others.kept)
        judgement = judge_run(coco, episodes, run, max_dets=None)
        return judgement.scores, self.misfits[number][rows[judgement.rows]], judgement.correct


@dataclass(frozen=True)
class Reliability:
    """What :func:`~analysis.reliability.measure_reliability` gives before and after a calibration."""

    before: dict
    after: dict

    @classmethod
    def of(cls, tests: Sequence[SearchTest], before: Calibration | None, after: Calibration) -> 'Reliability':
        """Reliability of the detections of all tests together."""
        return cls(*(_reliability([test.calibrated(each) for test in tests]) for each in (before, after)))


def run_search_tests(
    inferencer: SearchBase, folders: Sequence[str], num_absent: int, seeds: Sequence[int] = (0,)
) -> Iterator[SearchTest]:
    """Search folders, by boxes in other images and on the searched ones; see :class:`.search_plan.SearchPlan`.

    Args:
        inferencer: The model; its scores must not be calibrated.
        folders: Folders of COCO-format data.
        num_absent: In each so many searches for what an image does not show.
        seeds: Seeds of the references.

    Raises:
        ValueError: If the inferencer calibrates its scores.
    """
    if inferencer.calibration is not None:
        raise ValueError('a calibration is fitted to scores as the network gives them; set calibration to None')
    for folder in folders:
        data = SearchPlan(folder).data_paths
        coco = load_coco(data.ann_file, data.img_dir)
        for name, settings in (('other', dict(num_absent=num_absent)), ('same', dict(boxed=True))):
            measure = measure_search(inferencer, SearchPlan(folder, seeds, **settings))
            yield SearchTest.of(f'{folder}, {name}', coco, measure.dump, inferencer.views)


def fit_scores(tests: Sequence[SearchTest], score_thr: float) -> Calibration:
    """Fit a calibration to whether boxes are right at IoU 0.5; each test has the same weight.

    References on the searched images are fitted separately. The other searches are fitted twice: as if no size were
    known, and those where it is by it. Where searches for absent categories would be silent less often than SILENT, the
    fit is lowered until they are.

    Args:
        tests: Searches, not calibrated, some of them with references on other images.
        score_thr: Threshold of a search, 0-1.

    Raises:
        ValueError: If all detections that are fitted to are right, or none.
    """
    others, boxed = ([test for test in tests if test.dump.boxed == each] for each in (False, True))
    fitted = Calibration(*_fit(others, sized=False))
    fitted = replace(fitted, offset=fitted.offset - _excess(others, fitted, score_thr))
    if any(test.knows_sizes for test in others):
        by_size = SizeCalibration(*_fit(others, sized=True))
        excess = _excess(others, replace(fitted, by_size=by_size), score_thr)
        fitted = replace(fitted, by_size=replace(by_size, offset=by_size.offset - excess))
    return replace(fitted, boxed=SizeCalibration(*_fit(boxed, sized=True)) if boxed else None)


def _fit(tests: Sequence[SearchTest], sized: bool) -> tuple[float, ...]:
    """Fit slope, offset and, if sizes count, their weight, to the detections whose size is known then."""
    columns = []
    for test in tests:
        scores, misfits, correct = test.judge()
        rows = np.isfinite(misfits) if sized else np.ones(len(scores), bool)
        columns.append((scores[rows], misfits[rows], correct[rows], np.full(rows.sum(), 1 / max(rows.sum(), 1))))
    scores, misfits, correct, weights = map(np.concatenate, zip(*columns, strict=True))
    return fit_calibration(Calibration.logits(scores), correct, misfits if sized else None, weights)


def _excess(tests: Sequence[SearchTest], calibration: Calibration, score_thr: float) -> float:
    """How much to lower logits for SILENT of the absent searches to find nothing at a threshold."""
    loudest = np.concatenate([test.calibrated(calibration).loudest() for test in tests])
    allowed = int((1 - SILENT) * len(loudest) + 1e-9)
    if (loudest >= score_thr).sum() <= allowed:
        return 0.0
    worst = np.sort(loudest)[::-1][[allowed]]
    return float(np.diff(Calibration.logits(np.append(score_thr, worst)))[0]) + 1e-3


def _apply(calibration: Calibration, scores: np.ndarray, misfits: np.ndarray, boxed: bool) -> np.ndarray:
    """Calibrate scores (N,), given misfits (N,) that are nan where the size is not known."""
    sized = calibration(scores, np.nan_to_num(misfits), boxed)
    return np.where(np.isfinite(misfits), sized, calibration(scores))


def _reliability(tests: Sequence[SearchTest]) -> dict:
    scores, _, correct = map(np.concatenate, zip(*(test.judge() for test in tests), strict=True))
    return measure_reliability(scores, correct)


def _is_held_out(image_id: int | str) -> bool:
    return bool(generator(0, 'held out of the calibration', image_id).random() < 0.5)


def _find_misfits(
    coco: COCO, episodes: Sequence[EpisodeRecord], found: Detections, settings: ViewSettings
) -> np.ndarray:
    misfits = np.full(len(found), np.nan)
    bboxes = np.concatenate([found.bboxes[:, :2], found.bboxes[:, :2] + found.bboxes[:, 2:]], axis=1)
    for episode in episodes:
        rows = (found.image_ids == episode.image_id) & (found.category_ids == episode.category_id)
        sizes = known_sizes(_sizes(coco, episode), _shape(coco, episode.image_id), settings)
        if sizes:
            misfits[rows] = size_misfit(bboxes[rows], sizes)
    return misfits


def _sizes(coco: COCO, episode: EpisodeRecord) -> list[tuple]:
    """(w, h) of each reference's box and of its image."""
    references = [coco.anns[ann_id] for ann_id in episode.reference_ids]
    return [(tuple(each['bbox'][2:]), _shape(coco, each['image_id'])[::-1]) for each in references]


def _shape(coco: COCO, image_id: int | str) -> tuple[int, int]:
    return coco.imgs[image_id]['height'], coco.imgs[image_id]['width']
