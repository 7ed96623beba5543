from mmosis.compat import prepare

prepare()

from .data_paths import DataPaths
from .detections import Detections
from .dump import Dump, write_metrics
from .functional import (
    Judgement,
    category_aps,
    evaluate_runs,
    evaluate_searches,
    filter_boxed,
    is_ignored,
    judge_run,
)
from .metrics import CocoFileMetric, OneShotCocoMetric
from .random_baseline import random_baseline
from .saved_evaluation import save_and_evaluate
from .tables import category_table, mean_with_interval, runs_table

__all__ = [
    'CocoFileMetric',
    'DataPaths',
    'Detections',
    'Dump',
    'Judgement',
    'OneShotCocoMetric',
    'category_aps',
    'category_table',
    'evaluate_runs',
    'evaluate_searches',
    'filter_boxed',
    'is_ignored',
    'judge_run',
    'mean_with_interval',
    'random_baseline',
    'runs_table',
    'save_and_evaluate',
    'write_metrics',
]
