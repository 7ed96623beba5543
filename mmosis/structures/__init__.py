"""Value types that every layer shares; they import nothing else of the package."""

from .coco_splits import PHASES, split_categories
from .encoded_references import EncodedReferences
from .episode import Episode, Reference
from .episode_record import EpisodeRecord, load_episodes, save_episodes
from .matched_features import MatchedFeatures
from .rle_masks import RLEMasks

__all__ = [
    'PHASES',
    'EncodedReferences',
    'Episode',
    'EpisodeRecord',
    'MatchedFeatures',
    'RLEMasks',
    'Reference',
    'load_episodes',
    'save_episodes',
    'split_categories',
]
