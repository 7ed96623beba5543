from .coco_file_metric import CocoFileMetric
from .one_shot_coco_metric import OneShotCocoMetric

__all__ = ['CocoFileMetric', 'OneShotCocoMetric']
