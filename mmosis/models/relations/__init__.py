from .concat_relation import ConcatRelation
from .hierarchical_relation import HierarchicalRelation
from .metric_relation import MetricRelation
from .mutual_relation import MutualRelation
from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related
from .translation_relation import TranslationRelation

__all__ = [
    'ConcatRelation',
    'HierarchicalRelation',
    'MetricRelation',
    'MutualRelation',
    'PatchRelation',
    'RegionRelation',
    'Related',
    'TranslationRelation',
]
