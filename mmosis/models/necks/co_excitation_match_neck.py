"""CoExcitationMatchNeck: an image and a reference attend to each other before they are compared."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor

from mmosis.structures import EncodedReferences, MatchedFeatures

from ..layers import CoExcitation
from .masked_mean import mask_coverage
from .region_match_neck import RegionMatchNeck

EPS = 1e-6


@MODELS.register_module()
class CoExcitationMatchNeck(RegionMatchNeck):
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
    - CoAE attends to all positions of a reference of 128 pixels, 8x8 on C4. Here each level of a reference of any size
      is pooled to as many, so that all rows have one size.

    Of a reference are kept: L ``grids`` of positions (C + 1, g, g), and its ``region`` (C, s, s). K references: mean of
    each cell. Masks: a feature counts by the fraction of its cell that the mask covers, and a cell of the grid by its
    own fraction.

    Args:
        grid_size: Side of the grid that each level of a reference is pooled to.
        reduction: ``CoExcitation``'s.
        **kwargs: ``RegionMatchNeck``'s.
    """

    def __init__(self, *args, grid_size: int = 8, reduction: int = 16, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.grid_size = grid_size
        self.convs = self.make_convs(self.in_channels)
        self.co_excitation = CoExcitation(self.in_channels, reduction)

    @property
    def fields(self) -> dict[str, int | None]:
        return dict(grids=self.num_levels, region=None)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L grids of positions, and a region (E, C, s, s); the arguments are ``BaseMatchNeck``'s.

        A grid is (E, C + 1, g, g): features times their coverage by the mask, and last the coverage, 0 to 1. Both are
        sums, so that the mean of several rows is the row of all.
        """
        grids = tuple(self._grid(feat, masks) for feat in ref_feats)
        return EncodedReferences(grids=grids, region=self.encode_region(ref_feats))

    def _grid(self, feat: Tensor, masks: Tensor | None) -> Tensor:
        """Pool a level (E, K, C, h_l, w_l) to the grid, and average the K."""
        coverage = mask_coverage(feat, masks)
        counted = torch.cat([feat * coverage, coverage], dim=2)
        return F.adaptive_avg_pool2d(counted.mean(dim=1), self.grid_size)

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Match.

        Args:
            feats: L levels, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image.
            references: Of :meth:`encode_references`.

        Returns:
            MatchedFeatures: L levels, each (E, out_channels, H_l, W_l). Beside them are the L levels of the images,
            weighed, each (E, C, H_l, W_l), and the references with their region weighed.

        Raises:
            ValueError: If the number of levels or channels is not that of the neck.
        """
        grids, region = references['grids'], references['region']
        self.check_levels(feats, [grid[:, :-1] for grid in grids])
        excited, weights = [], []
        for feat, grid in zip(feats, grids, strict=True):
            counted, coverage = grid[:, :-1], grid[:, -1:]
            image, channels = self.co_excitation(feat, counted / coverage.clamp(min=EPS), coverage)
            excited.append(image)
            weights.append(channels)
        matched = tuple(conv(image) for conv, image in zip(self.convs, excited, strict=True))
        weighed = EncodedReferences(grids=grids, region=region * weights[self.ref_level])
        return MatchedFeatures(matched, tuple(excited), weighed)
