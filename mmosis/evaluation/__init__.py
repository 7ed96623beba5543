from .functional import evaluate_detections, random_detections
from .metrics import OneShotCocoMetric

__all__ = ['OneShotCocoMetric', 'evaluate_detections', 'random_detections']
