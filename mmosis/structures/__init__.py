"""Value types that every layer shares; what holds tensors is imported when it is used."""

from mmosis.utils.lazy import lazy_names

from .coco_splits import PHASES, split_categories
from .episode import Episode, Reference
from .episode_record import EpisodeRecord, load_episodes, save_episodes
from .found_objects import FoundObjects
from .rle_masks import RLEMasks

__all__ = [
    'PHASES',
    'EncodedReferences',
    'Episode',
    'EpisodeRecord',
    'FeatureLevels',
    'FoundObjects',
    'MatchedFeatures',
    'RLEMasks',
    'Reference',
    'load_episodes',
    'save_episodes',
    'split_categories',
]

__getattr__ = lazy_names(
    __name__,
    dict(EncodedReferences='encoded_references', FeatureLevels='matched_features', MatchedFeatures='matched_features'),
)
