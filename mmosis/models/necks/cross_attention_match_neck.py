"""CrossAttentionMatchNeck: compare every position with that part of the reference which it resembles."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.structures import EncodedReferences, MatchedFeatures

from ..layers import PairConv2d
from .masked_mean import mask_coverage
from .region_match_neck import RegionMatchNeck

# The coverage of a position outside of the mask: its logarithm is finite, and the softmax makes 0 of it.
MIN_COVERAGE = 1e-12


@MODELS.register_module()
class CrossAttentionMatchNeck(RegionMatchNeck):
    """Compare each position with the part of the reference that it attends to.

    Per pyramid level the reference is a grid of s x s positions f. A position P of the image attends to them, by
    multi-head scaled dot products, and gets the part of the reference that it resembles:

        r(P) = sum_p softmax_p(<W_q P, W_k f_p> / sqrt(C / heads) + log a_p) W_v f_p, head by head,
        output = conv1x1([P, |P - r(P)|]),

    with the convolutions of :class:`AbsDiffMatchNeck`, whose r is the mean for all P. With W_q = 0 and W_v = 1 both are
    the same where s divides the sides of the reference's maps.

    Attention between the positions of image and reference is how CAT (arXiv 2104.14984) matches, and the co-attention
    of CoAE (arXiv 1911.12529) and AIT (CVPR 2021) before their proposals. They pass what is attended on as features, on
    one level of a backbone, and their references attend to the image too. Here it takes the mean's place in the paper's
    matching, so ``W_v`` starts as the identity: |P - r(P)| then compares features of one space. A reference that
    attends to the image would have to be encoded for each image again. All levels use the same matrices, as they do the
    heads.

    Weights a_p: the fraction of a position that the reference's mask covers, over the mean of these fractions, which
    makes them 1 without a mask. Kept are a_p f_p and a_p, each averaged over the K references: so a position of several
    is their mean where masks cover it, every reference counts alike, and the mean of encodings is the encoding of all.

    Of a reference are kept: L ``weighted`` grids a_p f_p (C, s, s), L grids of ``weights`` a_p (1, s, s), and its
    ``region`` (C, s', s').

    Args:
        grid_size: s, the positions of a reference along a side.
        num_heads: Heads of the attention.
        **kwargs: ``RegionMatchNeck``'s.

    Raises:
        ValueError: If the heads do not divide C.
    """

    def __init__(self, *args, grid_size: int = 7, num_heads: int = 8, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        channels = self.in_channels
        if channels % num_heads:
            raise ValueError(f'num_heads must divide in_channels, got {num_heads} heads and {channels} channels')
        self.grid_size, self.num_heads = grid_size, num_heads
        self.convs = nn.ModuleList(PairConv2d(channels, self.out_channels) for _ in range(self.num_levels))
        self.query_layer = nn.Linear(channels, channels, bias=False)
        self.key_layer = nn.Linear(channels, channels, bias=False)
        self.value_layer = nn.Linear(channels, channels, bias=False)
        nn.init.eye_(self.value_layer.weight)

    # ---------------------------------------------------------------- references

    @property
    def fields(self) -> dict[str, int | None]:
        return dict(weighted=self.num_levels, weights=self.num_levels, region=None)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L grids of weighted positions, L grids of weights, and a region; arguments as ``BaseMatchNeck``'s."""
        weighted, weights = zip(*(self._grids(feat, masks) for feat in ref_feats), strict=True)
        return EncodedReferences(weighted=weighted, weights=weights, region=self.encode_region(ref_feats))

    def _grids(self, feats: Tensor, masks: Tensor | None) -> tuple[Tensor, Tensor]:
        """Pool a level (E, K, C, h, w) with masks (E, K, 1, h', w'): a_p f_p (E, C, s, s) and a_p (E, 1, s, s)."""
        maps, coverage = feats.flatten(0, 1), mask_coverage(feats, masks).flatten(0, 1)
        covered = F.adaptive_avg_pool2d(maps * coverage, self.grid_size)
        coverage = F.adaptive_avg_pool2d(coverage, self.grid_size)
        mean = coverage.mean(dim=(2, 3), keepdim=True)
        weighted, weights = ((grid / mean).unflatten(0, feats.shape[:2]).mean(dim=1) for grid in (covered, coverage))
        return weighted, weights

    # ---------------------------------------------------------------- matching

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Match; arguments and errors are ``BaseMatchNeck``'s."""
        weighted, weights = references['weighted'], references['weights']
        self.check_levels(feats, weighted)
        parts = [self.attend(*level) for level in zip(feats, weighted, weights, strict=True)]
        levels = zip(self.convs, feats, parts, strict=True)
        matched = tuple(conv(feat, (feat - part).abs()) for conv, feat, part in levels)
        return MatchedFeatures(matched, tuple(feats), references)

    def attend(self, feat: Tensor, weighted: Tensor, weights: Tensor) -> Tensor:
        """Get for each position the part of the reference that it resembles.

        Args:
            feat: (E, C, H, W) or (1, C, H, W).
            weighted: a_p f_p (E, C, s, s).
            weights: a_p (E, 1, s, s), from 0 on.

        Returns:
            Tensor: r (E, C, H, W).
        """
        weights = weights.clamp(min=MIN_COVERAGE)
        parts = _as_rows(weighted / weights)
        queries, keys, values = (
            self._split_heads(rows)
            for rows in (self.query_layer(_as_rows(feat)), self.key_layer(parts), self.value_layer(parts))
        )
        bias = weights.log().flatten(2)[:, None].to(queries.dtype)
        queries = queries.expand(len(parts), -1, -1, -1)
        attended = F.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        return attended.transpose(2, 3).reshape(len(parts), -1, *feat.shape[-2:])

    def _split_heads(self, rows: Tensor) -> Tensor:
        """Split positions (E, N, C) by head: (E, heads, N, C / heads)."""
        # Not unflatten, after which an export no longer knows the rank.
        return rows.reshape(*rows.shape[:2], self.num_heads, -1).transpose(1, 2)


def _as_rows(maps: Tensor) -> Tensor:
    """Lay maps (E, C, H, W) out as positions (E, H * W, C)."""
    return maps.flatten(2).transpose(1, 2)
