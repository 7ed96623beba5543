from .coco_ap import evaluate_detections
from .random_boxes import random_detections

__all__ = ['evaluate_detections', 'random_detections']
