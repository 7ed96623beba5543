from .backbones import EfficientNetLite
from .data_preprocessors import OneShotDataPreprocessor
from .detectors import SiameseMixin, SiameseSingleStageDetector, SiameseTwoStageDetector
from .layers import FixedStatsBatchNorm2d, KindComparison, RunningStandardize, SelectiveAttention
from .necks import AbsDiffMatchNeck, ConcatMatchNeck, CrossAttentionMatchNeck, KindFPN, KindMatchNeck, RelationMatchNeck
from .relations import PatchRelation, RegionRelation, Related, TranslationRelation
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
    'CrossAttentionMatchNeck',
    'EfficientNetLite',
    'EpisodeRandomSampler',
    'FixedStatsBatchNorm2d',
    'KindComparison',
    'KindFPN',
    'KindMatchNeck',
    'KindRoIHead',
    'OneShotDataPreprocessor',
    'PackagedPretrainedInit',
    'PatchRelation',
    'RegionRelation',
    'Related',
    'RelationMatchNeck',
    'RelationRoIHead',
    'RunningStandardize',
    'SelectiveAttention',
    'SiameseMixin',
    'SiameseSingleStageDetector',
    'SiameseTwoStageDetector',
    'TranslationRelation',
]
