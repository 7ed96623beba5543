"""VectorMatchNeck: base class of necks that compare each position with one vector of the reference."""

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from mmosis.structures import EncodedReferences

from ..layers import PairConv2d
from .base_match_neck import BaseMatchNeck
from .masked_mean import mean_vectors


class VectorMatchNeck(BaseMatchNeck):
    """Compare every position with the mean of the reference.

    Per pyramid level l: r = GAP(reference), output = conv1x1([P, compare(P, r)]). Every level has its own convolution
    with bias and no activation after it, as in the published code.

    Of a reference are kept: L ``vectors`` (C,). With masks they are means over the object; on a level, a feature counts
    by the fraction of its cell that the mask covers. K references: mean of their features.

    Arguments are ``BaseMatchNeck``'s.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.convs = nn.ModuleList(PairConv2d(self.in_channels, self.out_channels) for _ in range(self.num_levels))

    @property
    def fields(self) -> dict[str, int | None]:
        return dict(vectors=self.num_levels)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L vectors (E, C); the arguments are ``BaseMatchNeck``'s."""
        return EncodedReferences(vectors=mean_vectors(ref_feats, masks))

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """All levels, whose vectors are compared as they are."""
        return dict.fromkeys(range(self.num_levels))

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> Sequence[Tensor]:
        """Match by the vectors; arguments and errors are ``BaseMatchNeck``'s."""
        self.check_levels(feats, references['vectors'])
        vectors = (vector[..., None, None] for vector in references['vectors'])
        levels = zip(self.convs, feats, vectors, strict=True)
        return tuple(conv(feat, self.compare(feat, vector)) for conv, feat, vector in levels)

    @abstractmethod
    def compare(self, feat: Tensor, reference: Tensor) -> Tensor:
        """Compare one level (E or 1, C, H, W) with references (E, C, 1, 1).

        Returns:
            Tensor: (E, C, H, W), or (E, C, 1, 1) where it is the same everywhere.
        """
