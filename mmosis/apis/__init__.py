"""What users call: whole workflows on top of the components."""

from .coco_folder import CocoFolder, find_coco_folder
from .demo import run_demo
from .study import run_study

__all__ = ['CocoFolder', 'find_coco_folder', 'run_demo', 'run_study']
