from .concat_relation import ConcatRelation
from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related

__all__ = ['ConcatRelation', 'PatchRelation', 'RegionRelation', 'Related']
