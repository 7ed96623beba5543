"""SiameseTwoStageDetector: Siamese Mask R-CNN and its relatives."""

from collections.abc import Sequence

from mmdet.models import TwoStageDetector
from mmdet.registry import MODELS
from torch import Tensor

from ..dense_heads import ComposedMatcher, ComposedRPNHead
from .siamese_mixin import Matcher, SiameseMixin


@MODELS.register_module()
class SiameseTwoStageDetector(SiameseMixin, TwoStageDetector):
    """Siamese Mask R-CNN (arXiv 1811.11507, section 4) when built as ``configs/siamese_mask_rcnn_s1.py`` says.

    Any mmdet backbone and neck encode image and reference with shared weights; matched features feed RPN and RoI head.
    The heads classify match or non-match, so they have one class. See :class:`SiameseMixin` for the steps.
    """

    def make_matcher(self, feats: Sequence[Tensor], num_references: int) -> Matcher:
        """Compose the match neck with the RPN where the head can and it pays; as the mixin's elsewhere."""
        head = self.rpn_head
        if isinstance(head, ComposedRPNHead) and head.pays(self.match_neck, feats, num_references):
            return ComposedMatcher(self.match_neck, head, feats)
        return super().make_matcher(feats, num_references)
