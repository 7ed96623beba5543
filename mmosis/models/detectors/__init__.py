from .siamese_mixin import SiameseMixin
from .siamese_single_stage import SiameseSingleStageDetector
from .siamese_two_stage import SiameseTwoStageDetector

__all__ = ['SiameseMixin', 'SiameseSingleStageDetector', 'SiameseTwoStageDetector']
