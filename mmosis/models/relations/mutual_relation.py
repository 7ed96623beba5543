"""MutualRelation: is all of the region in the reference, and all of the reference in the region?"""

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn

from .region_relation import RegionRelation, Related


@MODELS.register_module()
class MutualRelation(RegionRelation):
    """Compare a region with a reference part by part, in both directions.

    The paper's matcher loses more to objects of other categories than to anything else, and the demo's scenes have
    distractors that have the reference's colour or texture and not its outline, or the reverse. A comparison of
    means cannot separate them, one of layouts fails where the object is rotated. Here every cell of the region is
    matched with the reference's cells, wherever they are, and every cell of the reference with the region's; the
    differences on either side separate them. The first direction is the attention relation of BHRL
    (:class:`HierarchicalRelation`), the second one is ours.

    Cells are unit vectors, compared by the cosine. A cell's counterpart is the softmax mean of the other side's cells.
    The similarity of a region and a reference is the mean of the cells' best cosines, of both sides (that of chamfer
    matching), times a learnt temperature.

    Args:
        embed_channels: d, size of the cells' vectors.
        temperature: What cosines are multiplied by at first.
        **kwargs: ``RegionRelation``'s.
    """

    def __init__(self, *, embed_channels: int, temperature: float = 10.0, **kwargs) -> None:
        super().__init__(**kwargs)
        self.embed_layer = nn.Conv2d(self.in_channels, embed_channels, 1)
        self.log_temperature = nn.Parameter(torch.tensor(float(temperature)).log())
        self.bias = nn.Parameter(torch.tensor(-temperature / 2))
        # The region's differences stay at their positions; those of the reference have no position in the region.
        self.relate_region = nn.Linear(embed_channels, self.out_channels)
        self.relate_reference = nn.Linear(embed_channels, self.out_channels)

    def embed(self, regions: Tensor) -> Tensor:
        """Embed the cells of regions (R, C, s, s) as unit vectors (R, s * s, d)."""
        return F.normalize(self.embed_layer(regions).flatten(2), dim=1).transpose(1, 2)

    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Compare; arguments and result are ``RegionRelation``'s."""
        cells, ref_cells = self.embed(regions), self.embed(references)[episodes]
        cosines = cells @ ref_cells.transpose(1, 2)
        differences = self._differences(cells, ref_cells, cosines)
        ref_differences = self._differences(ref_cells, cells, cosines.transpose(1, 2))
        related = self.relate_region(differences) + self.relate_reference(ref_differences).mean(dim=1, keepdim=True)
        feats = matched + related.transpose(1, 2).reshape(matched.shape)
        return Related(feats, self.log_temperature.exp() * _mean_of_best(cosines) + self.bias)

    def similarities(self, regions: Tensor, references: Tensor) -> Tensor:
        """Temperature times the mean of the best cosines, (R, E)."""
        cosines = torch.einsum('rpd,eqd->repq', self.embed(regions), self.embed(references))
        return self.log_temperature.exp() * _mean_of_best(cosines)

    def _differences(self, cells: Tensor, others: Tensor, cosines: Tensor) -> Tensor:
        """How cells (R, P, d) differ from their counterparts among others (R, Q, d), in the order of 1 an entry."""
        counterparts = (self.log_temperature.exp() * cosines).softmax(dim=-1) @ others
        return (cells - counterparts).abs() * cells.shape[-1] ** 0.5


def _mean_of_best(cosines: Tensor) -> Tensor:
    """Mean over both sides of cells' best cosines (..., P, Q): (...)."""
    return (cosines.amax(dim=-1).mean(dim=-1) + cosines.amax(dim=-2).mean(dim=-1)) / 2
