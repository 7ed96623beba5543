"""SemanticMatchNeck: the paper's matching, with a comparison of semantic features at every position."""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn
from torchvision.ops import roi_align

from mmosis.structures import EncodedReferences, MatchedFeatures

from ..layers import SemanticComparison
from .abs_diff_match_neck import AbsDiffMatchNeck


@MODELS.register_module()
class SemanticMatchNeck(AbsDiffMatchNeck):
    """Match the pyramid as :class:`AbsDiffMatchNeck` does, and add a comparison of semantic maps.

    Semantic maps are a pretrained backbone's deep maps, which separate categories; :class:`BackboneFeatureFPN` gives
    them after the L levels. Each is compared with the reference at its own resolution by :class:`SemanticComparison`.
    The result is resized to every level and added, so that the fine levels, which find small objects, get it too.

    Of a reference are kept: L ``vectors`` (C,), one of the ``semantic_vectors`` (C_k,) for each semantic map, and where
    :class:`RelationRoIHead` is to compare it, a ``region`` (C, s, s) of one level. Where references come with masks,
    vectors are means over the mask, and the region is the box around it; so a crop may show the object's surroundings,
    as the features of the image do.

    Args:
        semantic_channels: C_k of each semantic map.
        embed_channels: Size of the embeddings that are compared.
        roi_feat_size: s, the size of the box head's regions; by default no region is kept.
        ref_level: Which level of the reference's pyramid gives the region.
        **kwargs: ``BaseMatchNeck``'s; ``num_levels`` is L.
    """

    def __init__(
        self,
        *args,
        semantic_channels: Sequence[int],
        embed_channels: int,
        roi_feat_size: int | None = None,
        ref_level: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.roi_feat_size, self.ref_level = roi_feat_size, ref_level
        self.comparisons = nn.ModuleList(
            SemanticComparison(channels, embed_channels, self.out_channels) for channels in semantic_channels
        )

    @property
    def fields(self) -> dict[str, int | None]:
        region = {} if self.roi_feat_size is None else dict(region=None)
        return dict(super().fields, semantic_vectors=len(self.comparisons), **region)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep vectors (E, C) of all maps, and maybe a region (E, C, s, s); the arguments are ``BaseMatchNeck``'s."""
        vectors = super().encode_references(ref_feats, masks)['vectors']
        levels, semantic = vectors[: self.num_levels], vectors[self.num_levels :]
        region = {} if self.roi_feat_size is None else dict(region=self._region(ref_feats[self.ref_level], masks))
        return EncodedReferences(vectors=levels, semantic_vectors=semantic, **region)

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """Only the semantic maps: the pyramid has place and shape, not category."""
        return {self.num_levels + i: comparison.embed_layer for i, comparison in enumerate(self.comparisons)}

    def _region(self, feats: Tensor, masks: Tensor | None) -> Tensor:
        """Pool the object's box of references (E, K, C, h, w) to the size of a RoI, and average the K."""
        maps = feats.flatten(0, 1)
        if masks is None:
            boxes = maps.new_tensor([0.0, 0.0, maps.shape[-1], maps.shape[-2]]).expand(len(maps), 4)
        else:
            boxes = _boxes_around(masks.flatten(0, 2) > 0) * (maps.shape[-1] / masks.shape[-1])
        rois = torch.cat([torch.arange(maps.shape[0]).to(boxes)[:, None], boxes], dim=1)
        regions = roi_align(maps.float(), rois.float(), self.roi_feat_size, aligned=True)
        return regions.unflatten(0, feats.shape[:2]).mean(dim=1)

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Match; arguments and errors are ``BaseMatchNeck``'s.

        Raises:
            ValueError: Also if the semantic maps are not those of ``semantic_channels``.
        """
        matched = super().forward(feats[: self.num_levels], references)
        maps, vectors = feats[self.num_levels :], references['semantic_vectors']
        self._check_maps(maps, vectors)
        compared = []
        for comparison, feat, vector in zip(self.comparisons, maps, vectors, strict=True):
            result, _ = comparison(feat.permute(0, 2, 3, 1), vector[:, None, None])
            compared.append(result.permute(0, 3, 1, 2).float())
        resize = partial(F.interpolate, mode='bilinear', align_corners=False)
        levels = tuple(level + sum(resize(each, level.shape[-2:]) for each in compared) for level in matched)
        return MatchedFeatures(levels, tuple(feats), references)

    def _check_maps(self, maps: Sequence[Tensor], vectors: Sequence[Tensor]) -> None:
        wanted = [comparison.embed_layer.in_features for comparison in self.comparisons]
        got = [[tensor.shape[1] for tensor in side] for side in (maps, vectors)]
        if got != [wanted, wanted]:
            raise ValueError(
                f'SemanticMatchNeck compares semantic maps of {wanted} channels, got {got[0]} and references of '
                f"{got[1]}; set semantic_channels to those of the maps that the neck's backbone_indices select"
            )


def _boxes_around(masks: Tensor) -> Tensor:
    """Boxes (N, 4) xyxy around masks (N, h, w); of all at once, whatever their number."""
    sides = []
    for on_axis in (masks.any(dim=1).float(), masks.any(dim=2).float()):
        sides.append((on_axis.argmax(dim=1), on_axis.shape[1] - on_axis.flip(1).argmax(dim=1)))
    (x1, x2), (y1, y2) = sides
    return torch.stack([x1, y1, x2, y2], dim=1).float()
