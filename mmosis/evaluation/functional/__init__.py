from .coco_ap import evaluate_detections
from .mask_resolution import oracle_mask_ious
from .random_boxes import random_detections

__all__ = ['evaluate_detections', 'oracle_mask_ious', 'random_detections']
