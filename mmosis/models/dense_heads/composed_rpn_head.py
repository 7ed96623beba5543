"""ComposedRPNHead: an RPN that computes most of its convolution once an image, not for each reference."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmdet.models import RPNHead
from mmdet.models.utils import multi_apply
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.structures import EncodedReferences, FeatureLevels

from ..layers import PairConv2d
from ..necks import AbsDiffMatchNeck


@dataclass(frozen=True, eq=False)
class ComposedFeatures(FeatureLevels):
    """Matched features, with what the RPN's first convolution makes of them.

    Attributes:
        hidden: L levels, each (E, F, H_l, W_l).
    """

    hidden: tuple[Tensor, ...]


@MODELS.register_module()
class ComposedRPNHead(RPNHead):
    """mmdet's ``RPNHead`` that composes its convolution with that of :class:`AbsDiffMatchNeck` in searches.

    The neck makes W1 P + W2 D + b of an image P, with D = |P - r|, and no activation follows it. So the head's 3x3
    convolution K of that is (K∘W1) P + K b + (K∘W2) D. All but the last term is the same for all references to an
    image, and D has fewer channels than the matched features. Of the paper's 256 and 384 channels, two thirds of the
    convolution are done for each reference, and two thirds once an image, by :class:`ComposedMatcher`.

    Weights, arguments and, but for rounding, results are those of ``RPNHead``, which it is in training, for too few
    references to an image and behind any other match neck.
    """

    def pays(self, neck: nn.Module, feats: Sequence[Tensor], num_references: int) -> bool:
        """Whether the convolutions can be composed, and whether that is less work.

        Args:
            neck: The match neck.
            feats: The image's pyramid: L levels, each (1, C, H_l, W_l).
            num_references: References to the image.
        """
        # A neck derived from it compares in another way.
        if type(neck) is not AbsDiffMatchNeck or self.num_convs != 1:
            return False
        # Products at a position, and for the kernels of a level, each times F x 3 x 3.
        channels = neck.in_channels
        saved = num_references * (self.in_channels - channels) - channels
        kernels = self.in_channels * (2 * channels + 1)
        return saved * sum(feat[0, 0].numel() for feat in feats) > kernels * len(feats)

    def forward(self, x: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """As mmdet's, but for composed features the first convolution is done."""
        if isinstance(x, ComposedFeatures):
            return multi_apply(self._forward_hidden, x.hidden)
        return super().forward(x)

    def _forward_hidden(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        hidden = F.relu(hidden)
        return self.rpn_cls(hidden), self.rpn_reg(hidden)


class ComposedMatcher:
    """Match one image with its references, chunk by chunk; the image's own part is computed once, on construction.

    Args:
        neck: The match neck.
        head: The RPN.
        feats: The image's pyramid: L levels, each (1, C, H_l, W_l).
    """

    def __init__(self, neck: AbsDiffMatchNeck, head: ComposedRPNHead, feats: Sequence[Tensor]) -> None:
        self.neck, self.feats = neck, feats
        self.levels = [_Level(feat, conv, head.rpn_conv) for feat, conv in zip(feats, neck.convs, strict=True)]

    def __call__(self, references: EncodedReferences) -> ComposedFeatures:
        """Match; arguments and errors are those of the neck's ``forward``."""
        self.neck.check_levels(self.feats, references['vectors'])
        vectors = (vector[..., None, None] for vector in references['vectors'])
        compared = map(self.neck.compare, self.feats, vectors)
        matched, hidden = zip(*map(_Level.match, self.levels, compared), strict=True)
        return ComposedFeatures(matched, hidden)


class _Level:
    """One level of an image: its own part of the matched features and of the RPN's, and the kernels of D."""

    def __init__(self, feat: Tensor, conv: PairConv2d, rpn_conv: nn.Conv2d) -> None:
        weight_image, self.weight_compared = conv.split_weight()
        self.image = F.conv2d(feat, weight_image, conv.bias)
        self.kernel_compared = _compose(rpn_conv.weight, self.weight_compared)
        # The RPN pads matched features with zeros: at the border it sees less of the neck's bias.
        ones, kernel_bias = torch.ones_like(feat[:, :1]), _compose(rpn_conv.weight, conv.bias[:, None, None, None])
        bias = F.conv2d(ones, kernel_bias, rpn_conv.bias, padding=1)
        self.image_hidden = F.conv2d(feat, _compose(rpn_conv.weight, weight_image), padding=1) + bias

    def match(self, compared: Tensor) -> tuple[Tensor, Tensor]:
        """Match D (E, C, H, W): matched features (E, C', H, W), and what the RPN makes of them (E, F, H, W)."""
        matched = F.conv2d(compared, self.weight_compared).add_(self.image)
        return matched, F.conv2d(compared, self.kernel_compared, padding=1).add_(self.image_hidden)


def _compose(kernel: Tensor, weight: Tensor) -> Tensor:
    """Compose a kernel (F, C', 3, 3) with a 1x1 convolution (C', C, 1, 1) before it: (F, C, 3, 3)."""
    return torch.einsum('fmyx,mc->fcyx', kernel, weight[:, :, 0, 0])
