"""What users call: whole workflows on top of the components."""

from .coco_folder import CocoFolder, find_coco_folder
from .demo import run_demo
from .mask_quality import measure_masks
from .study import run_study

__all__ = ['CocoFolder', 'find_coco_folder', 'measure_masks', 'run_demo', 'run_study']
