"""BinaryRoIHead: mmdet's standard RoI head with two classes, match and non-match."""

from mmdet.models import StandardRoIHead
from mmdet.registry import MODELS
from torch import nn

from .binary_mixin import BinaryMixin


@MODELS.register_module()
class BinaryRoIHead(BinaryMixin, StandardRoIHead):
    """mmdet's standard head that classifies regions as match or non-match (paper section 4.4).

    Without ``mask_head`` it is Faster R-CNN's. See :class:`BinaryMixin`.
    """

    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses of the box head; mmdet never omits that of the mask head."""
        return dict(loss_cls=self.bbox_head, loss_bbox=self.bbox_head)
