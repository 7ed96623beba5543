from .data_preprocessors import OneShotDataPreprocessor
from .detectors import SiameseMixin, SiameseSingleStageDetector, SiameseTwoStageDetector
from .layers import FixedStatsBatchNorm2d
from .necks import AbsDiffMatchNeck, ConcatMatchNeck, RelationMatchNeck
from .roi_heads import BinaryCascadeRoIHead, BinaryMixin, BinaryRoIHead, RelationRoIHead
from .task_modules import EpisodeRandomSampler
from .weight_init import BackbonePretrainedInit

__all__ = [
    'AbsDiffMatchNeck',
    'BackbonePretrainedInit',
    'BinaryCascadeRoIHead',
    'BinaryMixin',
    'BinaryRoIHead',
    'ConcatMatchNeck',
    'EpisodeRandomSampler',
    'FixedStatsBatchNorm2d',
    'OneShotDataPreprocessor',
    'RelationMatchNeck',
    'RelationRoIHead',
    'SiameseMixin',
    'SiameseSingleStageDetector',
    'SiameseTwoStageDetector',
]
