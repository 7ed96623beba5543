from .functional import evaluate_detections, oracle_mask_ious, random_detections
from .metrics import CocoFileMetric, OneShotCocoMetric

__all__ = ['CocoFileMetric', 'OneShotCocoMetric', 'evaluate_detections', 'oracle_mask_ious', 'random_detections']
