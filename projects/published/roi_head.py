"""The published code's RoI head."""

from mmdet.registry import MODELS
from mmdet.utils import InstanceList
from torch import Tensor

from mmosis.models import BinaryRoIHead
from mmosis.utils.published_frame import have_area


@MODELS.register_module()
class PublishedRoIHead(BinaryRoIHead):
    """Our head, whose detections without an area in integer pixels are dropped."""

    def predict_mask(
        self, x: tuple[Tensor], batch_img_metas: list[dict], results_list: InstanceList, rescale: bool = False
    ) -> InstanceList:
        """Predict masks as :meth:`BinaryMixin.predict_mask` does."""
        results = super().predict_mask(x, batch_img_metas, results_list, rescale)
        return [result[have_area(result.bboxes)] for result in results]
