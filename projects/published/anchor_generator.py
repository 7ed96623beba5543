"""The published code's anchors."""

import torch
from mmdet.models.task_modules import AnchorGenerator
from mmdet.registry import TASK_UTILS
from torch import Tensor

from .boxes import normalise_boxes


@TASK_UTILS.register_module()
class PublishedAnchorGenerator(AnchorGenerator):
    """mmdet's anchors as fractions of the network input, which is the frame of all boxes of the published model.

    A ratio is height to width in mmdet and the inverse in the published code, so they come in the order 2, 1, 0.5.
    """

    def grid_priors(
        self, featmap_sizes: list[tuple], dtype: torch.dtype = torch.float32, device: str | torch.device = 'cuda'
    ) -> list[Tensor]:
        """Make the anchors of all levels, each (h x w x ratios, 4) xyxy, normalised.

        Args:
            featmap_sizes: (h, w) of each level.
            dtype: Their type, float32 at least: half precision would move boxes by pixels. They are
                computed in float64 as in the published code.
            device: Where they are.
        """
        (height, width), (stride_x, stride_y) = featmap_sizes[0], self.strides[0]
        shape = height * stride_y, width * stride_x
        anchors = super().grid_priors(featmap_sizes, torch.float64, device)
        dtype = torch.promote_types(dtype, torch.float32)
        return [normalise_boxes(level, shape).to(dtype) for level in anchors]
