"""MetricRelation: the cosine of two embeddings, of their means and position by position."""

import math

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn

from .region_relation import RegionRelation, Related


@MODELS.register_module()
class MetricRelation(RegionRelation):
    """Classify by the cosine of a region with the reference's prototype, and give the box head a map of cosines.

    As in DE-ViT (arXiv 2309.12969; its code mlzxy/devit, ``OpenSetDetectorWithExamples.forward``):

    - a prototype is the mean of the reference's embeddings, as a unit vector: w;
    - the similarity of a region is the cosine of its mean embedding with w, which there chooses the classes that are
      looked at (``init_scores``). Here it is the logit itself: temperature * cosine + bias;
    - the similarity map is the cosine of each position's embedding with w. DE-ViT propagates a region over maps, by
      convolutions of 3x3, and reads the box off the result. Here two of them make features of the map, which are added
      to the matched ones, and the box head reads both.

    What differs, and why: the embedding is learnt, where DE-ViT takes DINOv2's features as they are, since a backbone
    that is trained here has none that separate categories by themselves. DE-ViT never shows its heads the features,
    but similarities with all classes and with prototypes of backgrounds; here a region meets one
    reference, so there are no others, and the box head sees the matched features too. The box head's own deltas take
    the place of the spatial integral. The temperature is learnt, from DE-ViT's 1 / 0.1; the bias, and that it starts at
    minus the temperature so that nothing is a match at first, is SigLIP's (arXiv 2303.15343): most regions are
    non-matches.

    Args:
        embed_channels: D, size of the embeddings.
        propagate_channels: Channels between the two convolutions of the map; DE-ViT's by default.
        temperature: Where the temperature starts.
        bias: Where the bias starts.
        **kwargs: ``RegionRelation``'s.

    Raises:
        ValueError: If the temperature is not positive.
    """

    def __init__(
        self,
        *,
        embed_channels: int = 256,
        propagate_channels: int = 256,
        temperature: float = 10.0,
        bias: float = -10.0,
        **kwargs,
    ) -> None:
        if temperature <= 0:
            raise ValueError(f'temperature must be positive, it is learnt as its logarithm, got {temperature}')
        super().__init__(**kwargs)
        self.embed_layer = nn.Conv2d(self.in_channels, embed_channels, 1)
        self.propagate = nn.Sequential(
            nn.Conv2d(1, propagate_channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(propagate_channels, self.out_channels, 3, padding=1),
        )
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))
        self.bias = nn.Parameter(torch.tensor(float(bias)))

    @property
    def temperature(self) -> Tensor:
        """What cosines are multiplied by, a positive number."""
        return self.log_temperature.float().exp()

    def embed(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Embed regions (R, C, s, s): positions (R, D, s, s) and their means (R, D); they are not normalised."""
        # In float32: cosines are close to each other, and the temperature multiplies what is rounded off.
        positions = self.embed_layer(regions).float()
        return positions, positions.mean(dim=(2, 3))

    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Compare; arguments and result are ``RegionRelation``'s."""
        positions, means = self.embed(regions)
        prototypes = self.embed(references)[1][episodes]
        maps = F.cosine_similarity(positions, prototypes[..., None, None], dim=1)
        related = self.propagate(maps[:, None])
        cosines = F.cosine_similarity(means, prototypes, dim=1)
        return Related(matched + related, self.temperature * cosines + self.bias)

    def similarities(self, regions: Tensor, references: Tensor) -> Tensor:
        """Multiply the cosine of each region with each reference by the temperature: (R, E)."""
        means, prototypes = self.embed(regions)[1], self.embed(references)[1]
        return self.temperature * F.cosine_similarity(means[:, None], prototypes[None], dim=-1)
