"""RegionMatchNeck: base class of necks that also keep a region of the reference."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from .base_match_neck import BaseMatchNeck


class RegionMatchNeck(BaseMatchNeck):
    """Keep a region of each reference, which :class:`RelationRoIHead` compares with regions of the image.

    Of a reference is kept, beside what a subclass matches by: its ``region`` (C, s, s), which is one level of its
    pyramid, pooled to the size of a RoI; of K references the mean. Crops should fill their square, as regions do:
    ``ResizeReference(keep_ratio=False)``.

    Args:
        roi_feat_size: s, the size of the box head's regions.
        ref_level: Which level of the reference's pyramid: that on which a RoI of the reference's size lies.
        **kwargs: ``BaseMatchNeck``'s.
    """

    def __init__(self, *args, roi_feat_size: int = 7, ref_level: int = 1, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.roi_feat_size, self.ref_level = roi_feat_size, ref_level

    def encode_region(self, ref_feats: Sequence[Tensor]) -> Tensor:
        """Pool references' pyramids, each level (E, K, C, h_l, w_l), to their regions (E, C, s, s)."""
        return F.adaptive_avg_pool2d(ref_feats[self.ref_level].mean(dim=1), self.roi_feat_size)
