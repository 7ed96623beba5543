"""RegionRelation: base class of the comparisons of regions with references, after proposals."""

from abc import abstractmethod
from typing import NamedTuple

from mmengine.model import BaseModule
from torch import Tensor


class Related(NamedTuple):
    """The result of a comparison of R regions.

    Attributes:
        feats: (R, C', s, s), which the box head classifies.
        logits: (R,), added to the logit of a match.
    """

    feats: Tensor
    logits: Tensor | float = 0.0


class RegionRelation(BaseModule):
    """Compare regions with all of the reference, after proposals; each subclass is one way of comparing.

    :class:`~mmosis.models.RelationRoIHead` calls it; a config chooses it by ``relation=dict(type=...)``. One that has
    ``similarities(regions, references)``, logits (R, E) of how much each region resembles each reference, can be
    trained with the contrastive loss of ``RelationRoIHead(competition=...)``.

    Args:
        in_channels: C, channels of the pyramid.
        out_channels: C', channels of matched features.
        roi_feat_size: s, side of a region.
        init_cfg: Initialisation.
    """

    def __init__(
        self, in_channels: int, out_channels: int, roi_feat_size: int, init_cfg: dict | list[dict] | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels, self.out_channels, self.roi_feat_size = in_channels, out_channels, roi_feat_size

    @abstractmethod
    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Compare.

        Args:
            matched: (R, C', s, s), the regions in the matched features.
            regions: (R, C, s, s), the same in the image's pyramid.
            references: (E, C, s, s).
            episodes: (R,), which reference a region is compared with.
        """
