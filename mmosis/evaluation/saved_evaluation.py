"""Evaluation of a test that keeps the detections if it fails."""

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import MMLogger
from pycocotools.coco import COCO

from .data_paths import DataPaths
from .dump import METRICS, Dump, write_metrics


def save_and_evaluate(
    dump: Dump, coco: COCO, data: DataPaths, folder: str | Path | None = None, iou_types: Sequence[str] | None = None
) -> dict[str, dict]:
    """Write a dump, evaluate it, and write ``metrics.json`` beside it.

    Args:
        dump: Episodes and detections of a test.
        coco: Annotations.
        data: Where these and the images are.
        folder: Where to; None writes the dump only if the evaluation fails, to a new folder beside the log or, where
            there is no log, in the current one.
        iou_types: 'bbox', 'segm' or both; by default what can be judged.

    Returns:
        dict: As of :func:`evaluate_runs`.

    Raises:
        RuntimeError: If the evaluation fails; says why, where the dump is and how to evaluate it.
    """
    if folder is not None:
        _save(dump, data, folder)
    try:
        metrics = dump.evaluate(coco, iou_types)
        if folder is not None:
            write_metrics(Path(folder, METRICS), dump.info, metrics)
    except Exception as error:
        kept = folder or _save(dump, data, tempfile.mkdtemp(prefix='dump_', dir=_log_folder()))
        raise RuntimeError(
            f'the evaluation failed ({type(error).__name__}: {error}). All that was found is kept in {kept}: '
            f'python tools/analysis_tools/eval_predictions.py {kept} evaluates it, by other annotations with --ann-file'
        ) from error
    return metrics


def _save(dump: Dump, data: DataPaths, folder: str | Path) -> str | Path:
    dump.save(folder)
    data.save(folder)
    return folder


def _log_folder() -> Path:
    handlers = MMLogger.get_current_instance().handlers
    return next((Path(h.baseFilename).parent for h in handlers if isinstance(h, logging.FileHandler)), Path())
