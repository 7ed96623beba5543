"""SemanticComparison: how similar two features of a pretrained backbone are."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SemanticComparison(nn.Module):
    """Compute how similar two semantic features are: as they come, and in a learnt embedding.

    The cosine of the features as they come carries over to any category, however few were trained on; the embedding is
    better at those that resemble trained ones. Both are given to a small network, with the embedding's absolute
    difference.

    Args:
        in_channels: C of the features.
        embed_channels: D of the embedding.
        out_channels: Size of the result.
    """

    def __init__(self, in_channels: int, embed_channels: int, out_channels: int) -> None:
        super().__init__()
        self.embed_layer = nn.Linear(in_channels, embed_channels)
        self.mix = nn.Sequential(
            nn.Linear(embed_channels + 2, embed_channels), nn.ReLU(), nn.Linear(embed_channels, out_channels)
        )

    def embed(self, feats: Tensor) -> Tensor:
        """Embed (..., C) as unit vectors (..., D)."""
        return F.normalize(self.embed_layer(feats), dim=-1)

    def forward(self, feats: Tensor, ref_feats: Tensor) -> tuple[Tensor, Tensor]:
        """Compare.

        Args:
            feats: (..., C).
            ref_feats: (..., C), to be broadcast.

        Returns:
            tuple: The comparison (..., out_channels), and the two cosines it is made from (..., 2).
        """
        embedded, ref_embedded = self.embed(feats), self.embed(ref_feats)
        plain = F.cosine_similarity(feats, ref_feats, dim=-1)
        learnt = (embedded * ref_embedded).sum(dim=-1)
        cosines = torch.stack([plain, learnt], dim=-1)
        # Unit vectors differ by little in each entry; of order 1, they are what a layer expects.
        difference = (embedded - ref_embedded).abs() * embedded.shape[-1] ** 0.5
        return self.mix(torch.cat([difference, cosines], dim=-1)), cosines
