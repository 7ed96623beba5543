from .mutual_relation import MutualRelation
from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related

__all__ = ['MutualRelation', 'PatchRelation', 'RegionRelation', 'Related']
