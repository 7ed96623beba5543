"""AbsDiffMatchNeck: the paper's matching of an image with a reference."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmosis.structures import EncodedReferences


@MODELS.register_module()
class AbsDiffMatchNeck(BaseModule):
    """Mark where an image resembles a reference (paper section 4.3 and appendix 1.2).

    Per pyramid level l: r = GAP(reference), D = |P - r| at each position, output = conv1x1([P, D]). Every level has its
    own convolution with bias and no activation after it, as in the published code.

    The two halves can be called apart: :meth:`encode_references` says what is kept of a reference, here a vector a
    level, and :meth:`forward` matches image features with it. A matcher of another kind keeps other tensors.

    K references: mean of their features. The mean over the area includes the reference's zero padding to a square, as
    in the paper; nothing is padded further, so no more leaks into it.

    Args:
        in_channels: C of the pyramid.
        out_channels: Channels of the matched features.
        num_levels: L.
        init_cfg: Initialisation; by default xavier as in mmdet's FPN.
    """

    def __init__(
        self,
        in_channels: int = 256,
        out_channels: int = 384,
        num_levels: int = 5,
        init_cfg: dict | list[dict] | None = dict(type='Xavier', layer='Conv2d', distribution='uniform'),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels
        self.convs = nn.ModuleList(nn.Conv2d(2 * in_channels, out_channels, 1) for _ in range(num_levels))

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Reduce the references' pyramids to what is kept of them.

        Args:
            ref_feats: L levels, each (E, K, C, h_l, w_l).
            masks: (E, K, 1, h, w), 0 to 1, where to take the mean; by default everywhere, as in the paper. On a level,
                a feature counts by the share of its cell that the mask covers.

        Returns:
            EncodedReferences: L vectors (E, C).
        """
        if masks is None:
            return EncodedReferences(tuple(feat.mean(dim=(1, 3, 4)) for feat in ref_feats))
        return EncodedReferences(tuple(_masked_mean(feat, masks).mean(dim=1) for feat in ref_feats))

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """Which levels have a vector of the reference, and how both are embedded: see :class:`SiameseMixin`."""
        return dict.fromkeys(range(len(self.convs)))

    def merge_references(self, references: EncodedReferences) -> EncodedReferences:
        """Make one row of K: their mean, which is that of their features."""
        return EncodedReferences(tuple(tensor.mean(dim=0, keepdim=True) for tensor in references.tensors))

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> tuple[Tensor, ...]:
        """Match.

        Args:
            feats: L levels, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image.
            references: L vectors (E, C).

        Returns:
            tuple: L levels, each (E, out_channels, H_l, W_l).

        Raises:
            ValueError: If the number of levels or channels does not fit.
        """
        self.check(feats, references)
        vectors = (vector[..., None, None] for vector in references.tensors)
        return tuple(self.match_level(*level) for level in zip(feats, vectors, self.convs, strict=True))

    def match_level(self, feat: Tensor, reference: Tensor, conv: nn.Conv2d) -> Tensor:
        """Match one level; the arguments are those of :meth:`compare`, and the level's convolution."""
        # The convolution of [P, D] is the sum of two; that of P serves all references to an image.
        weight_image, weight_compared = conv.weight.split(feat.shape[1], dim=1)
        compared = self.compare(feat, reference)
        return F.conv2d(feat, weight_image, conv.bias) + F.conv2d(compared, weight_compared)

    def compare(self, feat: Tensor, reference: Tensor) -> Tensor:
        """Compare one level (E or 1, C, H, W) with references (E, C, 1, 1): D, which is laid beside the feature.

        Returns:
            Tensor: (E, C, H, W), or (E, C, 1, 1) where it is the same everywhere.
        """
        return (feat - reference).abs()

    def check(self, feats: Sequence[Tensor], references: EncodedReferences) -> None:
        """Raise the error of :meth:`forward` if the number of levels or channels does not fit."""
        got = [feat.shape[1] for feat in feats], [tensor.shape[1] for tensor in references.tensors]
        if any(sizes != [self.in_channels] * len(self.convs) for sizes in got):
            raise ValueError(
                f'{type(self).__name__} has {len(self.convs)} levels of {self.in_channels} channels, got features of '
                f'{got[0]} and references of {got[1]}; set num_levels and in_channels to those of the neck'
            )


def _masked_mean(feat: Tensor, masks: Tensor) -> Tensor:
    """Mean of features (E, K, C, h_l, w_l) where masks (E, K, 1, h, w) say: (E, K, C)."""
    shares = F.adaptive_avg_pool2d(masks.flatten(0, 1), feat.shape[-2:]).unflatten(0, masks.shape[:2])
    return (feat * shares).sum(dim=(3, 4)) / shares.sum(dim=(3, 4))
