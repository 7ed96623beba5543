"""BinaryCascadeRoIHead: mmdet's cascade with two classes, match and non-match."""

from mmdet.models import CascadeRoIHead
from mmdet.registry import MODELS
from torch import nn

from .binary_mixin import BinaryMixin


@MODELS.register_module()
class BinaryCascadeRoIHead(BinaryMixin, CascadeRoIHead):
    """mmdet's cascade (arXiv 1712.00726) that classifies regions as match or non-match. See :class:`BinaryMixin`."""

    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses of all stages: after one without regions mmdet stops."""
        heads = dict(loss_cls=self.bbox_head, loss_bbox=self.bbox_head)
        if self.with_mask:
            heads['loss_mask'] = self.mask_head
        return {f's{i}.{name}': head for name, stages in heads.items() for i, head in enumerate(stages)}
