"""RelationMatchNeck: the paper's matching, which also keeps a region of the reference."""

from collections.abc import Sequence

from mmdet.registry import MODELS
from torch import Tensor

from mmosis.structures import EncodedReferences, MatchedFeatures

from .abs_diff_match_neck import AbsDiffMatchNeck
from .region_match_neck import RegionMatchNeck


@MODELS.register_module()
class RelationMatchNeck(RegionMatchNeck, AbsDiffMatchNeck):
    """Match as :class:`AbsDiffMatchNeck` does, and output what :class:`RelationRoIHead` compares.

    Of a reference are kept: L ``vectors`` (C,) and its ``region`` (C, s, s). A mask of the reference changes the
    vectors, not the region. Arguments are ``RegionMatchNeck``'s.
    """

    @property
    def fields(self) -> dict[str, int | None]:
        return dict(super().fields, region=None)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L vectors (E, C), and a region (E, C, s, s); the arguments are ``BaseMatchNeck``'s."""
        vectors = super().encode_references(ref_feats, masks)['vectors']
        return EncodedReferences(vectors=vectors, region=self.encode_region(ref_feats))

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Match by the vectors; arguments and errors are ``BaseMatchNeck``'s."""
        return MatchedFeatures(super().forward(feats, references), tuple(feats), references)
