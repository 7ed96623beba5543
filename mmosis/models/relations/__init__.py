from .patch_relation import PatchRelation
from .region_relation import RegionRelation, Related
from .translation_relation import TranslationRelation

__all__ = ['PatchRelation', 'RegionRelation', 'Related', 'TranslationRelation']
