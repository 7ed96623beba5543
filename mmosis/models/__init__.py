from .backbones import EfficientNetLite
from .data_preprocessors import OneShotDataPreprocessor
from .detectors import SiameseMixin, SiameseSingleStageDetector, SiameseTwoStageDetector
from .layers import FixedStatsBatchNorm2d, KindComparison, RunningStandardize
from .losses import RatioPreservingLoss
from .necks import AbsDiffMatchNeck, ConcatMatchNeck, KindFPN, KindMatchNeck, RelationMatchNeck
from .relations import HierarchicalRelation, MutualRelation, PatchRelation, RegionRelation, Related
from .roi_heads import BinaryCascadeRoIHead, BinaryMixin, BinaryRoIHead, KindRoIHead, RelationRoIHead
from .task_modules import EpisodeRandomSampler
from .weight_init import BackbonePretrainedInit, PackagedPretrainedInit

__all__ = [
    'AbsDiffMatchNeck',
    'BackbonePretrainedInit',
    'BinaryCascadeRoIHead',
    'BinaryMixin',
    'BinaryRoIHead',
    'ConcatMatchNeck',
    'EfficientNetLite',
    'EpisodeRandomSampler',
    'FixedStatsBatchNorm2d',
    'HierarchicalRelation',
    'KindComparison',
    'KindFPN',
    'KindMatchNeck',
    'KindRoIHead',
    'MutualRelation',
    'OneShotDataPreprocessor',
    'PackagedPretrainedInit',
    'PatchRelation',
    'RatioPreservingLoss',
    'RegionRelation',
    'Related',
    'RelationMatchNeck',
    'RelationRoIHead',
    'RunningStandardize',
    'SiameseMixin',
    'SiameseSingleStageDetector',
    'SiameseTwoStageDetector',
]
