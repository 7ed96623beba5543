from .backbones import EfficientNetLite
from .data_preprocessors import OneShotDataPreprocessor
from .detectors import SiameseMixin, SiameseSingleStageDetector, SiameseTwoStageDetector
from .layers import CoExcitation, FixedStatsBatchNorm2d, KindComparison, RunningStandardize
from .losses import MarginRankingLoss
from .necks import (
    AbsDiffMatchNeck,
    CoExcitationMatchNeck,
    ConcatMatchNeck,
    KindFPN,
    KindMatchNeck,
    RelationMatchNeck,
)
from .relations import ConcatRelation, PatchRelation, RegionRelation, Related
from .roi_heads import BinaryCascadeRoIHead, BinaryMixin, BinaryRoIHead, KindRoIHead, RelationRoIHead
from .task_modules import EpisodeRandomSampler
from .weight_init import BackbonePretrainedInit, PackagedPretrainedInit

__all__ = [
    'AbsDiffMatchNeck',
    'BackbonePretrainedInit',
    'BinaryCascadeRoIHead',
    'BinaryMixin',
    'BinaryRoIHead',
    'CoExcitation',
    'CoExcitationMatchNeck',
    'ConcatMatchNeck',
    'ConcatRelation',
    'EfficientNetLite',
    'EpisodeRandomSampler',
    'FixedStatsBatchNorm2d',
    'KindComparison',
    'KindFPN',
    'KindMatchNeck',
    'KindRoIHead',
    'MarginRankingLoss',
    'OneShotDataPreprocessor',
    'PackagedPretrainedInit',
    'PatchRelation',
    'RegionRelation',
    'Related',
    'RelationMatchNeck',
    'RelationRoIHead',
    'RunningStandardize',
    'SiameseMixin',
    'SiameseSingleStageDetector',
    'SiameseTwoStageDetector',
]
