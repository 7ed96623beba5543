from .data_paths import DataPaths
from .detections import Detections
from .dump import Dump, write_metrics
from .functional import (
    Judgement,
    ReferenceEffect,
    ap_by_clutter,
    calibrate,
    category_aps,
    category_spread,
    confusion_matrix,
    error_types,
    evaluate_detections,
    evaluate_runs,
    fit_calibration,
    judge_run,
    oracle_mask_ious,
    random_detections,
    reference_effects,
    silent_share,
)
from .metrics import CocoFileMetric, OneShotCocoMetric
from .tables import category_table, mean_with_interval, runs_table, split_tables

__all__ = [
    'CocoFileMetric',
    'DataPaths',
    'Detections',
    'Dump',
    'Judgement',
    'OneShotCocoMetric',
    'ReferenceEffect',
    'ap_by_clutter',
    'calibrate',
    'category_aps',
    'category_spread',
    'category_table',
    'confusion_matrix',
    'error_types',
    'evaluate_detections',
    'evaluate_runs',
    'fit_calibration',
    'judge_run',
    'mean_with_interval',
    'oracle_mask_ious',
    'random_detections',
    'reference_effects',
    'runs_table',
    'silent_share',
    'split_tables',
    'write_metrics',
]
