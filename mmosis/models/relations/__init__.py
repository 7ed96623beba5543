from .hierarchical_relation import HierarchicalRelation
from .mutual_relation import MutualRelation
from .patch_relation import PatchRelation
from .region_relation import Related, RegionRelation

__all__ = ['HierarchicalRelation', 'MutualRelation', 'PatchRelation', 'RegionRelation', 'Related']
