"""RelationMatchNeck: the paper's matching, with the reference kept as a region too."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor

from mmosis.structures import EncodedReferences, MatchedFeatures

from .abs_diff_match_neck import AbsDiffMatchNeck


@MODELS.register_module()
class RelationMatchNeck(AbsDiffMatchNeck):
    """Match as :class:`AbsDiffMatchNeck` does, and hand on what :class:`RelationRoIHead` compares.

    Beside the L vectors, a reference is kept as a region (C, s, s): one level of its pyramid, pooled to the size of a
    RoI; of K references the mean. Crops should fill their square, as regions do: ``ResizeReference(keep_ratio=False)``.
    A mask of the reference changes the vectors, not the region.

    Args:
        roi_feat_size: s, the size of the box head's regions.
        ref_level: Which level of the reference's pyramid: that on which a RoI of the reference's size lies.
        **kwargs: ``AbsDiffMatchNeck``'s.
    """

    def __init__(self, *args, roi_feat_size: int = 7, ref_level: int = 1, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.roi_feat_size, self.ref_level = roi_feat_size, ref_level

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L vectors (E, C), and a region (E, C, s, s); the arguments are ``AbsDiffMatchNeck``'s."""
        vectors = super().encode_references(ref_feats, masks).tensors
        region = F.adaptive_avg_pool2d(ref_feats[self.ref_level].mean(dim=1), self.roi_feat_size)
        return EncodedReferences((*vectors, region))

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Match by the vectors; arguments and errors are ``AbsDiffMatchNeck``'s."""
        vectors = EncodedReferences(references.tensors[:-1])
        return MatchedFeatures(super().forward(feats, vectors), feats, references)
