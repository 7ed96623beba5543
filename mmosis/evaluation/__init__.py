from mmosis.compat import prepare

prepare()

from .data_paths import DataPaths
from .detections import Detections
from .dump import Dump, write_metrics
from .functional import (
    Judgement,
    MaskOverlaps,
    ReferenceEffect,
    SearchCounts,
    ap_by_clutter,
    boundary_ious,
    calibrate,
    category_aps,
    category_spread,
    confusion_matrix,
    count_found,
    error_types,
    evaluate_detections,
    evaluate_runs,
    evaluate_searches,
    fit_calibration,
    is_ignored,
    judge_run,
    leave_out_boxed,
    mean_confusion,
    oracle_mask_ious,
    overlaps_of_found,
    paired_ious,
    random_detections,
    reference_effects,
    silent_share,
)
from .metrics import CocoFileMetric, OneShotCocoMetric
from .saved_evaluation import save_and_evaluate
from .tables import category_table, counts_table, mean_with_interval, runs_table, split_tables

__all__ = [
    'CocoFileMetric',
    'DataPaths',
    'Detections',
    'Dump',
    'Judgement',
    'MaskOverlaps',
    'OneShotCocoMetric',
    'ReferenceEffect',
    'SearchCounts',
    'ap_by_clutter',
    'boundary_ious',
    'calibrate',
    'category_aps',
    'category_spread',
    'category_table',
    'confusion_matrix',
    'count_found',
    'counts_table',
    'error_types',
    'evaluate_detections',
    'evaluate_runs',
    'evaluate_searches',
    'fit_calibration',
    'is_ignored',
    'judge_run',
    'leave_out_boxed',
    'mean_confusion',
    'mean_with_interval',
    'oracle_mask_ious',
    'overlaps_of_found',
    'paired_ious',
    'random_detections',
    'reference_effects',
    'runs_table',
    'save_and_evaluate',
    'silent_share',
    'split_tables',
    'write_metrics',
]
