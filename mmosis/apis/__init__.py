"""What users call: whole workflows on top of the components."""

from mmosis.search import OneShotInferencer, ReferenceBank, SearchReference

from .calibrate import CalibrationFit, fit_scores
from .coco_folder import CocoFolder, find_coco_folder
from .demo import run_demo
from .finetune import run_finetune
from .gallery import Gallery
from .mask_quality import measure_masks
from .random_baseline import random_baseline
from .report import write_report
from .search_measure import SearchMeasure, measure_search
from .study import run_study

__all__ = [
    'CalibrationFit',
    'CocoFolder',
    'Gallery',
    'OneShotInferencer',
    'ReferenceBank',
    'SearchMeasure',
    'SearchReference',
    'find_coco_folder',
    'fit_scores',
    'measure_masks',
    'measure_search',
    'random_baseline',
    'run_demo',
    'run_finetune',
    'run_study',
    'write_report',
]
