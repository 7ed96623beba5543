"""The published code's RoI head."""

from mmdet.registry import MODELS
from mmdet.utils import InstanceList
from torch import Tensor

from mmosis.models import BinaryRoIHead


@MODELS.register_module()
class PublishedRoIHead(BinaryRoIHead):
    """Our head, whose detections without an area in whole pixels are dropped."""

    def predict_mask(
        self, x: tuple[Tensor], batch_img_metas: list[dict], results_list: InstanceList, rescale: bool = False
    ) -> InstanceList:
        """Predict masks as :meth:`BinaryMixin.predict_mask` does."""
        results = super().predict_mask(x, batch_img_metas, results_list, rescale)
        return [result[(result.bboxes[:, 2:] > result.bboxes[:, :2]).all(dim=1)] for result in results]
