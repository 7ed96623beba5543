"""ConcatRelation: two layers on the concatenated means of a region and of the reference."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from .region_relation import RegionRelation, Related


@MODELS.register_module()
class ConcatRelation(RegionRelation):
    """Classify a match by the concatenated means of a region and of its reference.

    CoAE (arXiv 1911.12529, section 3.3) classifies a proposal so: its pooled features and the reference's, both of
    weighed channels, go through two layers of 4096, 8 and 2 units. With :class:`CoExcitationMatchNeck` channels are
    weighed here as well. Matched features stay as they are, for the box and the mask.

    What differs: the logit of a match is added to the box head's own. A stage of ResNet that comes before the mean in
    CoAE is not there in a pyramid. And between the layers is a ReLU; without it, as in CoAE's code, they are one linear
    map, in which a reference adds the same to all regions.

    Args:
        hidden_channels: Units of the first layer.
        init_cfg: Initialisation; by default that of CoAE's code.
        **kwargs: ``RegionRelation``'s.
    """

    def __init__(
        self,
        *,
        hidden_channels: int = 8,
        init_cfg: dict | list[dict] | None = dict(type='Normal', layer='Linear', std=0.01),  # noqa: B006
        **kwargs,
    ) -> None:
        super().__init__(**kwargs, init_cfg=init_cfg)
        self.judge = nn.Sequential(
            nn.Linear(2 * self.in_channels, hidden_channels), nn.ReLU(), nn.Linear(hidden_channels, 1)
        )

    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Classify; arguments are ``RegionRelation``'s, and matched features are returned as they came."""
        vectors, ref_vectors = regions.mean(dim=(2, 3)), references.mean(dim=(2, 3))
        return Related(matched, self.judge(torch.cat([vectors, ref_vectors[episodes]], dim=1)).squeeze(1))
