from .boxed_references import filter_boxed
from .coco_ap import evaluate_searches
from .judgement import Judgement, category_aps, judge_run
from .matching import IOU_THR, Overlaps, average_precision, overlaps_of_run
from .protocol import IOU_TYPES, evaluate_runs
from .truth import check_masks, has_masks, is_ignored, true_mask

__all__ = [
    'IOU_THR',
    'IOU_TYPES',
    'Judgement',
    'Overlaps',
    'average_precision',
    'category_aps',
    'check_masks',
    'evaluate_runs',
    'evaluate_searches',
    'filter_boxed',
    'has_masks',
    'is_ignored',
    'judge_run',
    'overlaps_of_run',
    'true_mask',
]
