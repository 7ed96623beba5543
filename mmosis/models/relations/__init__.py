from .metric_relation import MetricRelation
from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related

__all__ = ['MetricRelation', 'PatchRelation', 'RegionRelation', 'Related']
