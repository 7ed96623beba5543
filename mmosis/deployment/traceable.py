"""Modules of MMCV and MMDetection whose trace holds for the example alone, and others that compute the same."""

import copy
from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn.bricks.conv2d_adaptive_padding import Conv2dAdaptivePadding
from mmdet.models import SingleRoIExtractor
from torch import Tensor, nn


def make_traceable(model: nn.Module) -> nn.Module:
    """Copy a detector, with parts that can be traced in place of those that cannot."""
    model = copy.deepcopy(model)
    for parent in list(model.modules()):
        for name, part in parent.named_children():
            for replaced, replacement in _REPLACEMENTS.items():
                if isinstance(part, replaced):
                    setattr(parent, name, replacement(part))
    return model


class RoIExtractor(nn.Module):
    """mmdet's ``SingleRoIExtractor``, which does not ask whether a level has regions.

    Args:
        extractor: mmdet's.
    """

    def __init__(self, extractor: SingleRoIExtractor) -> None:
        super().__init__()
        self.extractor = extractor
        for layer in extractor.roi_layers:
            layer.use_torchvision = True  # which ONNX's exporter knows

    @property
    def num_inputs(self) -> int:
        """Number of levels in use."""
        return self.extractor.num_inputs

    def forward(self, feats: Sequence[Tensor], rois: Tensor) -> Tensor:
        """Extract regions (R, 5), as mmdet has them, from levels (1, C, H_l, W_l): (R, C, s, s)."""
        layers = self.extractor.roi_layers
        levels = self.extractor.map_roi_levels(rois, len(feats))
        regions = feats[0].new_zeros(rois.shape[0], self.extractor.out_channels, *layers[0].output_size)
        for level, (feat, layer) in enumerate(zip(feats, layers, strict=True)):
            on_level = (levels == level).nonzero()[:, 0]
            regions = regions.index_put((on_level,), layer(feat, rois[on_level]))
        return regions


class PaddedConv2d(nn.Module):
    """MMCV's ``Conv2dAdaptivePadding`` for maps whose sides are multiples of the strides: it pads all alike.

    Args:
        conv: MMCV's.
    """

    def __init__(self, conv: Conv2dAdaptivePadding) -> None:
        super().__init__()
        self.conv = conv
        sides = zip(conv.kernel_size, conv.dilation, conv.stride, strict=True)
        height, width = (max((kernel - 1) * dilation + 1 - stride, 0) for kernel, dilation, stride in sides)
        self.margins = (width // 2, width - width // 2, height // 2, height - height // 2)

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve maps (N, C, H, W)."""
        conv = self.conv
        settings = (conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)
        return F.conv2d(F.pad(maps, self.margins) if any(self.margins) else maps, *settings)


_REPLACEMENTS = {SingleRoIExtractor: RoIExtractor, Conv2dAdaptivePadding: PaddedConv2d}
