"""CoExcitationMatchNeck: an image and a reference attend to each other before they are compared."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.structures import EncodedReferences, MatchedFeatures

from ..layers import CoExcitation
from .relation_match_neck import RelationMatchNeck

EPS = 1e-6


@MODELS.register_module()
class CoExcitationMatchNeck(RelationMatchNeck):
    """Match by co-attention and co-excitation (CoAE, arXiv 1911.12529, sections 3.1 and 3.2).

    Per pyramid level, :class:`CoExcitation` attends between all positions of the image and the reference's, and weighs
    the channels by what the reference has become. The weighed image goes through a 1x1 convolution.

    :class:`RelationRoIHead` gets the weighed image too, and the region of the reference, weighed as on its level: what
    CoAE's classifier sees, which is :class:`ConcatRelation`. The reference's own attention to the image reaches it by
    the weights alone.

    What differs, and why:

    - CoAE has one level, C4. Here the block is one for all levels, as the heads on a pyramid are; the convolution after
      it is each level's own, as in ``AbsDiffMatchNeck``.
    - CoAE's RPN gets the image before its channels are weighed. Here all heads get the same features, by which this
      package replaces a pyramid.
    - CoAE attends to all positions of a query of 128 pixels, 8x8 on C4. Here each level of a reference of any size is
      pooled to as many, so that all rows have one size.

    K references: mean of each cell. Masks: a feature counts by the share of its cell that the mask covers, and a cell
    of the grid by that of its own.

    Args:
        grid_size: Side of the grid that each level of a reference is pooled to.
        reduction: ``CoExcitation``'s.
        **kwargs: ``RelationMatchNeck``'s.
    """

    def __init__(self, *args, grid_size: int = 8, reduction: int = 16, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.grid_size = grid_size
        self.co_excitation = CoExcitation(self.in_channels, reduction)
        self.convs = nn.ModuleList(nn.Conv2d(self.in_channels, conv.out_channels, 1) for conv in self.convs)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L grids of positions, and a region (E, C, s, s); the arguments are ``AbsDiffMatchNeck``'s.

        A grid is (E, C + 1, g, g): features times the shares by which they count, and last the shares, 0 to 1. Both are
        sums, so that the mean of several rows is the row of all.
        """
        region = super().encode_references(ref_feats).tensors[-1]
        return EncodedReferences((*(self._grid(feat, masks) for feat in ref_feats), region))

    def _grid(self, feat: Tensor, masks: Tensor | None) -> Tensor:
        """Pool a level (E, K, C, h_l, w_l) to the grid, and average the K."""
        if masks is None:
            shares = torch.ones_like(feat[:, :, :1])
        else:
            shares = F.adaptive_avg_pool2d(masks.flatten(0, 1), feat.shape[-2:]).unflatten(0, masks.shape[:2])
        counted = torch.cat([feat * shares, shares], dim=2)
        return F.adaptive_avg_pool2d(counted.mean(dim=1), self.grid_size)

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """None: positions are compared with positions, and no vector is kept."""
        return {}

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Match.

        Args:
            feats: L levels, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image.
            references: Of :meth:`encode_references`.

        Returns:
            MatchedFeatures: L levels, each (E, out_channels, H_l, W_l). Beside them are the L levels of the images,
            weighed, each (E, C, H_l, W_l), and the references with their region weighed.

        Raises:
            ValueError: If the number of levels or channels does not fit.
        """
        *grids, region = references.tensors
        self.check(feats, EncodedReferences(tuple(grid[:, :-1] for grid in grids)))
        excited, weights = [], []
        for feat, grid in zip(feats, grids, strict=True):
            counted, shares = grid[:, :-1], grid[:, -1:]
            image, channels = self.co_excitation(feat, counted / shares.clamp(min=EPS), shares)
            excited.append(image)
            weights.append(channels)
        matched = [conv(image) for conv, image in zip(self.convs, excited, strict=True)]
        weighed = EncodedReferences((*grids, region * weights[self.ref_level]))
        return MatchedFeatures(matched, excited, weighed)
