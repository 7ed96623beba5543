from .absent import false_positives_at_recall, silent_share
from .boxed import leave_out_boxed
from .calibration import calibrate, fit_calibration
from .clutter import ap_by_clutter, count_objects
from .coco_ap import evaluate_detections, evaluate_searches
from .confusion import confusion_matrix, mean_confusion
from .error_types import error_types
from .found_masks import overlaps_of_found
from .judgement import Judgement, category_aps, judge_run
from .mask_overlaps import MaskOverlaps, boundary_ious, paired_ious
from .mask_resolution import oracle_mask_ious
from .matching import average_precision
from .protocol import IOU_TYPES, evaluate_runs
from .random_boxes import random_detections
from .search_counts import SearchCounts, count_found
from .sensitivity import ReferenceEffect, category_spread, reference_effects
from .truth import check_masks, has_masks, is_ignored

__all__ = [
    'IOU_TYPES',
    'Judgement',
    'MaskOverlaps',
    'ReferenceEffect',
    'SearchCounts',
    'ap_by_clutter',
    'average_precision',
    'boundary_ious',
    'calibrate',
    'category_aps',
    'category_spread',
    'check_masks',
    'confusion_matrix',
    'count_found',
    'count_objects',
    'error_types',
    'evaluate_detections',
    'evaluate_runs',
    'evaluate_searches',
    'false_positives_at_recall',
    'fit_calibration',
    'has_masks',
    'is_ignored',
    'judge_run',
    'leave_out_boxed',
    'mean_confusion',
    'oracle_mask_ious',
    'overlaps_of_found',
    'paired_ious',
    'random_detections',
    'reference_effects',
    'silent_share',
]
