"""PatchRelation: the difference of two embeddings."""

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from mmengine.model import Sequential
from torch import Tensor, nn

from .region_relation import RegionRelation, Related


@MODELS.register_module()
class PatchRelation(RegionRelation):
    """Embed a region and a reference by the same layer, and add how they differ to the matched features.

    The paper compares every position with the mean of the reference, which knows no layout. Here all of the region is
    compared with all of the reference, as in Attention-RPN's patch relation (arXiv 1908.01998), by the absolute
    difference of unit vectors.

    Args:
        embed_channels: Size of the unit vectors.
        embed_init_cfg: Where the embedding's layer starts; random by default.
        **kwargs: ``RegionRelation``'s.
    """

    def __init__(self, *, embed_channels: int, embed_init_cfg: dict | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.embed_layer = Sequential(
            nn.Linear(self.in_channels * self.roi_feat_size**2, embed_channels), init_cfg=embed_init_cfg
        )
        self.relate = nn.Linear(embed_channels, self.out_channels)

    def embed(self, regions: Tensor) -> Tensor:
        """Embed regions (R, C, s, s) as vectors (R, embed_channels) whose entries are of order 1, all of one length."""
        vectors = torch.relu(self.embed_layer(regions.flatten(1)))
        return F.normalize(vectors) * vectors.shape[1] ** 0.5

    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Compare; arguments and result are ``RegionRelation``'s."""
        related = self.relate((self.embed(regions) - self.embed(references)[episodes]).abs())
        return Related(matched + related[..., None, None])
