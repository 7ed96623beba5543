from mmosis.compat import prepare

prepare()

from .backbones import EfficientNetLite
from .data_preprocessors import OneShotDataPreprocessor
from .dense_heads import ClassAgnosticRPNHead, ComposedMatcher, ComposedRPNHead
from .detectors import SiameseMixin, SiameseSingleStageDetector, SiameseTwoStageDetector
from .layers import (
    CoExcitation,
    CosineLinear,
    FixedStatsBatchNorm2d,
    PairConv2d,
    RunningStandardize,
    SelectiveAttention,
    SemanticComparison,
)
from .losses import MarginRankingLoss, RatioPreservingLoss
from .necks import (
    AbsDiffMatchNeck,
    BackboneFeatureFPN,
    BaseMatchNeck,
    CoExcitationMatchNeck,
    ConcatMatchNeck,
    CrossAttentionMatchNeck,
    LateMatchNeck,
    RegionMatchNeck,
    RelationMatchNeck,
    SemanticMatchNeck,
    VectorMatchNeck,
)
from .relations import (
    ConcatRelation,
    HierarchicalRelation,
    MetricRelation,
    MutualRelation,
    PatchRelation,
    RegionRelation,
    Related,
    TranslationRelation,
)
from .roi_heads import BinaryCascadeRoIHead, BinaryMixin, BinaryRoIHead, RelationRoIHead
from .task_modules import EpisodeRandomSampler
from .weight_init import BackbonePretrainedInit, PackagedPretrainedInit

__all__ = [
    'AbsDiffMatchNeck',
    'BackboneFeatureFPN',
    'BackbonePretrainedInit',
    'BaseMatchNeck',
    'BinaryCascadeRoIHead',
    'BinaryMixin',
    'BinaryRoIHead',
    'ClassAgnosticRPNHead',
    'CoExcitation',
    'CoExcitationMatchNeck',
    'ComposedMatcher',
    'ComposedRPNHead',
    'ConcatMatchNeck',
    'ConcatRelation',
    'CosineLinear',
    'CrossAttentionMatchNeck',
    'EfficientNetLite',
    'EpisodeRandomSampler',
    'FixedStatsBatchNorm2d',
    'HierarchicalRelation',
    'LateMatchNeck',
    'MarginRankingLoss',
    'MetricRelation',
    'MutualRelation',
    'OneShotDataPreprocessor',
    'PackagedPretrainedInit',
    'PairConv2d',
    'PatchRelation',
    'RatioPreservingLoss',
    'RegionMatchNeck',
    'RegionRelation',
    'Related',
    'RelationMatchNeck',
    'RelationRoIHead',
    'RunningStandardize',
    'SelectiveAttention',
    'SemanticComparison',
    'SemanticMatchNeck',
    'SiameseMixin',
    'SiameseSingleStageDetector',
    'SiameseTwoStageDetector',
    'TranslationRelation',
    'VectorMatchNeck',
]
