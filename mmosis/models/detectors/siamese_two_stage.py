"""SiameseTwoStageDetector: Siamese Mask R-CNN and its relatives."""

from mmdet.models import TwoStageDetector
from mmdet.registry import MODELS

from .siamese_mixin import SiameseMixin


@MODELS.register_module()
class SiameseTwoStageDetector(SiameseMixin, TwoStageDetector):
    """Siamese Mask R-CNN (arXiv 1811.11507, section 4) when built as ``configs/siamese_mask_rcnn_s1.py`` says.

    Any mmdet backbone and neck encode image and reference with shared weights; matched features feed RPN and RoI head.
    The heads tell match from non-match, so they know one class. See :class:`SiameseMixin` for the steps.
    """
