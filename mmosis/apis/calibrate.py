"""Fit the calibration of a model's scores to a dump of a test."""

from dataclasses import dataclass, replace

import numpy as np
from pycocotools.coco import COCO

from mmosis.evaluation import (
    Detections,
    Dump,
    Judgement,
    calibrate,
    fit_calibration,
    judge_run,
    leave_out_boxed,
    silent_share,
)
from mmosis.search.calibration import Calibration


@dataclass(frozen=True)
class CalibrationFit:
    """A calibration and what it changes.

    Attributes:
        calibration: For ``search.calibration`` of the config; it takes the place of one that the dump was made with.
        reliability: Before and after, as :func:`~mmosis.evaluation.calibrate` returns it.
        silent: Before and after, the share of the searches for absent categories that give nothing, 0-1.
    """

    calibration: Calibration
    reliability: tuple[dict, dict]
    silent: tuple[float, float]


def fit_scores(dump: Dump, coco: COCO, score_thr: float) -> CalibrationFit:
    """Fit scores to whether boxes are right at IoU 0.5, over all detections of a dump.

    Args:
        dump: Of ``tools/test.py`` or ``test_search.py``, with absent categories if silence is to count.
        coco: Its annotations.
        score_thr: Threshold of a search, 0-1.

    Raises:
        ValueError: If all detections are right, or none.
    """
    judgements = [_judge(dump, coco, number) for number in dump.run_numbers]
    scores, correct = (np.concatenate([getattr(j, name) for j in judgements]) for name in ('scores', 'correct'))
    fitted = Calibration(*fit_calibration(Calibration.logits(scores), correct))
    before, after = (calibrate(each, correct) for each in (scores, fitted(scores)))
    changed = [_changed(fitted, run) for run in dump.runs]
    silent = tuple(silent_share(dump.episodes, runs, score_thr) for runs in (dump.runs, changed))
    first = dump.info.get('calibration')
    return CalibrationFit(fitted.after(Calibration(**first)) if first else fitted, (before, after), silent)


def _judge(dump: Dump, coco: COCO, number: int) -> Judgement:
    """Judge a run; references on the searched images are left out."""
    episodes, found = dump.of_run(number), dump.runs[number]
    if dump.boxed:
        coco, found, _ = leave_out_boxed(coco, episodes, found)
    return judge_run(coco, episodes, found)


def _changed(calibration: Calibration, run: Detections) -> Detections:
    return replace(run, scores=calibration(run.scores))
