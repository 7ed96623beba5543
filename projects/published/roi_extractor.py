"""The published code's RoI features: TensorFlow's crop_and_resize."""

from collections.abc import Sequence

import torch
from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor

CANONICAL_SIDE = 224  # pixels; a region of this size lies on the third level
CANONICAL_LEVEL = 2


@MODELS.register_module()
class CropAndResizeExtractor(BaseModule):
    """Sample regions from the level of their size, one bilinear sample a cell, corner to corner.

    Args:
        output_size: s, cells a side.
        out_channels: C of the features, which mmdet's heads ask for.
        featmap_strides: Strides of the levels in use.
    """

    def __init__(self, output_size: int, out_channels: int, featmap_strides: Sequence[int]) -> None:
        super().__init__()
        self.output_size, self.out_channels, self.featmap_strides = output_size, out_channels, tuple(featmap_strides)

    @property
    def num_inputs(self) -> int:
        """Number of levels in use."""
        return len(self.featmap_strides)

    def forward(self, feats: Sequence[Tensor], rois: Tensor, roi_scale_factor: None = None) -> Tensor:
        """Extract.

        Args:
            feats: Levels, each (B, C, H_l, W_l).
            rois: (R, 5), the number in the batch and normalised xyxy.
            roi_scale_factor: mmdet's, not in use.

        Returns:
            Tensor: (R, C, s, s).
        """
        area = feats[0].shape[2] * feats[0].shape[3] * self.featmap_strides[0] ** 2
        levels = self.map_roi_levels(rois, area)
        regions = feats[0].new_zeros(rois.shape[0], self.out_channels, self.output_size, self.output_size)
        for level, feat in enumerate(feats):
            on_level = (levels == level).nonzero().squeeze(1)
            regions = regions.index_put((on_level,), crop_and_resize(feat, rois[on_level], self.output_size))
        return regions

    def map_roi_levels(self, rois: Tensor, area: int) -> Tensor:
        """Map RoIs to levels (R,) by their fraction of an image of this area, in pixels."""
        width, height = (rois[:, 3:] - rois[:, 1:3]).unbind(1)
        sizes = (height * width).sqrt() / (CANONICAL_SIDE / area**0.5)
        levels = CANONICAL_LEVEL + sizes.log2().round()
        return levels.clamp(0, self.num_inputs - 1).long()


def crop_and_resize(feat: Tensor, rois: Tensor, size: int) -> Tensor:
    """Sample regions as ``tf.image.crop_and_resize`` does; what lies outside of the map, by rounding too, is 0.

    Args:
        feat: (B, C, H, W).
        rois: (R, 5), the number in the batch and normalised xyxy.
        size: Cells a side.

    Returns:
        Tensor: (R, C, size, size).
    """
    height, width = feat.shape[-2:]
    batch, x1, y1, x2, y2 = rois.unbind(1)
    above, below, weight_y, inside_y = _sample_axis(y1, y2, height, size)
    left, right, weight_x, inside_x = _sample_axis(x1, x2, width, size)
    batch = batch.long()[:, None, None]
    pixels = feat.permute(0, 2, 3, 1)

    def take(rows: Tensor, columns: Tensor) -> Tensor:
        return pixels[batch, rows[:, :, None], columns[:, None, :]]

    weight_x, weight_y = weight_x[:, None, :, None].to(feat.dtype), weight_y[:, :, None, None].to(feat.dtype)
    top = torch.lerp(take(above, left), take(above, right), weight_x)
    bottom = torch.lerp(take(below, left), take(below, right), weight_x)
    inside = (inside_y[:, :, None] & inside_x[:, None, :])[..., None]
    return (torch.lerp(top, bottom, weight_y) * inside).permute(0, 3, 1, 2)


def _sample_axis(start: Tensor, end: Tensor, length: int, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Indices before and after each sample (R, size), the weight of the second, and whether it lies in the map.

    The order of the operations is TensorFlow's: it decides on which side of the border a last sample falls.
    """
    step = (end - start) * (length - 1) / (size - 1)
    position = start[:, None] * (length - 1) + torch.arange(size, device=start.device) * step[:, None]
    inside = (position >= 0) & (position <= length - 1)
    before = position.floor()
    indices = (index.clamp(0, length - 1).long() for index in (before, position.ceil()))
    return *indices, position - before, inside
