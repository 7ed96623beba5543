"""Value types that every layer shares; they import nothing else of the package."""

from .coco_splits import PHASES, split_categories
from .encoded_references import EncodedReferences
from .episode import Episode, Reference
from .rle_masks import RLEMasks

__all__ = ['PHASES', 'EncodedReferences', 'Episode', 'RLEMasks', 'Reference', 'split_categories']
