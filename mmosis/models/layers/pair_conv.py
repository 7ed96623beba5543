"""PairConv2d: a 1x1 convolution of two concatenated maps, an image's and what it is compared with."""

import torch.nn.functional as F
from torch import Tensor, nn


class PairConv2d(nn.Conv2d):
    """1x1 convolution of two concatenated maps of C channels.

    It is computed as a sum of two: that of the image's own features serves all references to it.

    Args:
        in_channels: C of each map.
        out_channels: Of the result.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(2 * in_channels, out_channels, 1)

    def forward(self, feat: Tensor, compared: Tensor) -> Tensor:
        """Convolve.

        Args:
            feat: (E, C, H, W), or (1, C, H, W) for E references to one image.
            compared: (E, C, H, W), or (E, C, 1, 1) where it is the same everywhere.

        Returns:
            Tensor: (E, out_channels, H, W).
        """
        weight_image, weight_compared = self.split_weight()
        return F.conv2d(feat, weight_image, self.bias) + F.conv2d(compared, weight_compared)

    def split_weight(self) -> tuple[Tensor, Tensor]:
        """Split the weight into that of the image's features and that of what is compared."""
        return self.weight.chunk(2, dim=1)
