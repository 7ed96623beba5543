"""KindMatchNeck: hear at every position which kind of thing is there."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn
from torchvision.ops import roi_align

from mmosis.structures import EncodedReferences, MatchedFeatures

from ..layers import KindComparison
from .abs_diff_match_neck import AbsDiffMatchNeck


@MODELS.register_module()
class KindMatchNeck(AbsDiffMatchNeck):
    """Match the pyramid as :class:`AbsDiffMatchNeck` does, and add what a comparison of kinds says.

    It goes with :class:`KindFPN`, whose kind maps follow the L levels. Each is compared with the reference at its own
    resolution by :class:`KindComparison`; the result is resized to every level and added, so the fine levels, which
    find small objects, hear the deep ones, which know kinds.

    Of a reference are kept: L ``vectors`` (C,), one of the ``semantic_vectors`` (C_k,) a kind map, and where
    :class:`RelationRoIHead` is to compare it, a ``region`` (C, s, s) of one level. Where references come with masks,
    vectors are means over the mask, and the region is the box around it; so a crop may show the object's surroundings,
    as the features of the image do.

    Args:
        kind_channels: C_k of each kind map.
        embed_channels: Size of the embeddings that are compared.
        roi_feat_size: s, the size of the box head's regions; by default no region is kept.
        ref_level: Which level of the reference's pyramid gives the region.
        **kwargs: ``AbsDiffMatchNeck``'s; ``num_levels`` is L.
    """

    def __init__(
        self,
        *args,
        kind_channels: Sequence[int],
        embed_channels: int,
        roi_feat_size: int | None = None,
        ref_level: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.roi_feat_size, self.ref_level = roi_feat_size, ref_level
        out_channels = self.convs[0].out_channels
        self.comparisons = nn.ModuleList(
            KindComparison(channels, embed_channels, out_channels) for channels in kind_channels
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
        """The kind maps alone: the pyramid knows place and shape."""
        return {len(self.convs) + i: comparison.embed_layer for i, comparison in enumerate(self.comparisons)}

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
        """Match; arguments and errors are ``AbsDiffMatchNeck``'s.

        Raises:
            ValueError: Also if the kind maps are not those of ``kind_channels``.
        """
        matched = super().forward(feats[: self.num_levels], references)
        kinds, ref_kinds = feats[self.num_levels :], references['semantic_vectors']
        self._check_kinds(kinds, ref_kinds)
        heard = [self._compare_kinds(*each) for each in zip(self.comparisons, kinds, ref_kinds, strict=True)]
        levels = tuple(level + sum(_resize(kind, level.shape[-2:]) for kind in heard) for level in matched)
        return MatchedFeatures(levels, tuple(feats), references)

    def _check_kinds(self, kinds: Sequence[Tensor], ref_kinds: Sequence[Tensor]) -> None:
        wanted = [comparison.embed_layer.in_features for comparison in self.comparisons]
        got = [[kind.shape[1] for kind in side] for side in (kinds, ref_kinds)]
        if got != [wanted, wanted]:
            raise ValueError(
                f'KindMatchNeck compares kind maps of {wanted} channels, got {got[0]} and references of {got[1]}; set '
                "kind_channels to what the neck's kind_indices hand on"
            )

    @staticmethod
    def _compare_kinds(comparison: KindComparison, feats: Tensor, ref_feats: Tensor) -> Tensor:
        """Compare a kind map (E or 1, C_k, H, W) with vectors (E, C_k): (E, out_channels, H, W)."""
        compared, _ = comparison(feats.permute(0, 2, 3, 1), ref_feats[:, None, None])
        return compared.permute(0, 3, 1, 2)


def _resize(feats: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(feats.float(), size, mode='bilinear', align_corners=False)


def _boxes_around(masks: Tensor) -> Tensor:
    """Boxes (N, 4) xyxy around masks (N, h, w); of all at once, whatever their number."""
    sides = []
    for on_axis in (masks.any(dim=1).float(), masks.any(dim=2).float()):
        sides.append((on_axis.argmax(dim=1), on_axis.shape[1] - on_axis.flip(1).argmax(dim=1)))
    (x1, x2), (y1, y2) = sides
    return torch.stack([x1, y1, x2, y2], dim=1).float()
