"""HierarchicalRelation: a region's differences from the reference's mean, and from its parts."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from .region_relation import RegionRelation, Related


@MODELS.register_module()
class HierarchicalRelation(RegionRelation):
    """Relate a region to a reference in three ways (BHRL: Yang et al., "Balanced and Hierarchical Relation Learning for
    One-shot Object Detection", CVPR 2022).

    With x the region, r the reference and g = GAP(r):

    - contrastive relation: |g - x|;
    - salient relation: g * x, which is the depthwise correlation of x with g;
    - attention relation: |a - x|, where a is the reference laid out as the region. Position t of a is the sum over the
      reference's positions q of softmax_q(<key_region(x)[t], key_reference(r)[q]>) r[q], and keys are 3x3 convolutions.

    One 1x1 convolution R from C to C / 2 serves four times, and another one, from 2 C to C', gives the result:
    conv([R([R(salient), R(contrastive)]), R(attention), x]). All have biases; there are neither norms nor activations.

    It follows ``mmdet/models/plugins/ihr.py`` of hero-y/BHRL at 9ad7438, where the box head sees the result alone. So
    the matched features are for the RPN and the mask head, and ``matched`` is not read here.

    The attention differs from that file. Its softmax runs over the region's positions t, and its sum takes r at the
    position of the same number: a[q] = sum_t softmax_t(<key_region(x)[t], key_reference(r)[q]>) r[t]. That does not lay
    out the reference as the region.

    Args:
        key_reduction: By how much keys have fewer channels than the pyramid.
        init_cfg: Initialisation; by default xavier, as there.
        **kwargs: ``RegionRelation``'s.

    Raises:
        ValueError: If ``in_channels`` cannot be divided by 2 and by ``key_reduction``.
    """

    def __init__(
        self,
        *,
        key_reduction: int = 8,
        init_cfg: dict | list[dict] | None = dict(type='Xavier', layer='Conv2d', distribution='uniform'),  # noqa: B006
        **kwargs,
    ) -> None:
        super().__init__(init_cfg=init_cfg, **kwargs)
        channels = self.in_channels
        if channels % 2 or channels % key_reduction:
            raise ValueError(
                f'in_channels must be a multiple of 2 and of key_reduction, got {channels} and {key_reduction}'
            )
        self.key_region = nn.Conv2d(channels, channels // key_reduction, 3, padding=1)
        self.key_reference = nn.Conv2d(channels, channels // key_reduction, 3, padding=1)
        self.reduce = nn.Conv2d(channels, channels // 2, 1)
        self.relate = nn.Conv2d(2 * channels, self.out_channels, 1)

    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Compare; arguments and result are ``RegionRelation``'s."""
        pooled = references.mean(dim=(2, 3), keepdim=True)[episodes]
        contrastive = self.reduce((pooled - regions).abs())
        salient = self.reduce(pooled * regions)
        attention = self.reduce((self.lay_out(references, regions, episodes) - regions).abs())
        by_mean = self.reduce(torch.cat([salient, contrastive], dim=1))
        return Related(self.relate(torch.cat([by_mean, attention, regions], dim=1)))

    def lay_out(self, references: Tensor, regions: Tensor, episodes: Tensor) -> Tensor:
        """Lay out references as regions, by attention; arguments as in :meth:`forward`.

        Returns:
            Tensor: (R, C, s, s), at each position a mean of the reference's positions.
        """
        keys = self.key_reference(references).flatten(2)[episodes]
        products = self.key_region(regions).flatten(2).transpose(1, 2) @ keys
        weights = products.softmax(dim=2)  # (R, positions of the region, of the reference)
        laid_out = references.flatten(2)[episodes] @ weights.transpose(1, 2)
        return laid_out.unflatten(2, (self.roi_feat_size, self.roi_feat_size))
