from .siamese_mixin import SiameseMixin
from .siamese_two_stage import SiameseTwoStageDetector

__all__ = ['SiameseMixin', 'SiameseTwoStageDetector']
