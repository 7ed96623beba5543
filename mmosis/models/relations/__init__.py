from .hierarchical_relation import HierarchicalRelation
from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related

__all__ = ['HierarchicalRelation', 'PatchRelation', 'RegionRelation', 'Related']
