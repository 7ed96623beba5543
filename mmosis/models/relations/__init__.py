from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related

__all__ = ['PatchRelation', 'RegionRelation', 'Related']
