"""SiameseSingleStageDetector: search by example without proposals."""

from mmdet.models import SingleStageDetector
from mmdet.registry import MODELS

from .siamese_mixin import SiameseMixin


@MODELS.register_module()
class SiameseSingleStageDetector(SiameseMixin, SingleStageDetector):
    """A one-stage detector of mmdet on matched features, such as GFL in ``configs/reuse/siamese_gfl_s1.py``.

    Any dense head of mmdet can be used; it classifies match or non-match, so ``num_classes`` is 1. See
    :class:`SiameseMixin` for the steps.
    """
