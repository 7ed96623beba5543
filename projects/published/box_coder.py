"""The published code's box deltas."""

from collections.abc import Sequence

from mmdet.models.task_modules import DeltaXYWHBBoxCoder
from mmdet.registry import TASK_UTILS
from torch import Tensor


@TASK_UTILS.register_module()
class PublishedBoxCoder(DeltaXYWHBBoxCoder):
    """mmdet's coder on normalised boxes: their growth has no limit, and where mmdet clips to the image, it is 0-1."""

    def decode(
        self,
        bboxes: Tensor,
        pred_bboxes: Tensor,
        max_shape: Sequence[int] | None = None,
        wh_ratio_clip: float = 1e-30,
    ) -> Tensor:
        """Apply deltas (..., 4) to boxes (..., 4).

        Args:
            bboxes: Normalised boxes.
            pred_bboxes: Deltas.
            max_shape: If it is given, boxes are clipped; its value does not matter.
            wh_ratio_clip: Smallest factor of a side; so small that nothing is limited.
        """
        return super().decode(bboxes, pred_bboxes, (1, 1) if max_shape is not None else None, wh_ratio_clip)
