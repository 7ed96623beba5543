from .backbones import EfficientNetLite
from .data_preprocessors import OneShotDataPreprocessor
from .dense_heads import ClassAgnosticRPNHead
from .detectors import SiameseMixin, SiameseSingleStageDetector, SiameseTwoStageDetector
from .layers import FixedStatsBatchNorm2d, KindComparison, RunningStandardize
from .necks import AbsDiffMatchNeck, ConcatMatchNeck, KindFPN, KindMatchNeck, LateMatchNeck, RelationMatchNeck
from .relations import MetricRelation, PatchRelation, RegionRelation, Related
from .roi_heads import BinaryCascadeRoIHead, BinaryMixin, BinaryRoIHead, KindRoIHead, RelationRoIHead
from .task_modules import EpisodeRandomSampler
from .weight_init import BackbonePretrainedInit, PackagedPretrainedInit

__all__ = [
    'AbsDiffMatchNeck',
    'BackbonePretrainedInit',
    'BinaryCascadeRoIHead',
    'BinaryMixin',
    'BinaryRoIHead',
    'ClassAgnosticRPNHead',
    'ConcatMatchNeck',
    'EfficientNetLite',
    'EpisodeRandomSampler',
    'FixedStatsBatchNorm2d',
    'KindComparison',
    'KindFPN',
    'KindMatchNeck',
    'KindRoIHead',
    'LateMatchNeck',
    'MetricRelation',
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
