"""PublishedDetector: our detector with normalised boxes."""

from mmdet.registry import MODELS
from mmdet.structures import SampleList
from torch import Tensor

from mmosis.models import SiameseTwoStageDetector

from .boxes import normalise_boxes


@MODELS.register_module()
class PublishedDetector(SiameseTwoStageDetector):
    """Our detector, whose true boxes are normalised as all others are."""

    boxes_are_normalised = True

    def loss(self, batch_inputs: tuple[Tensor, ...], batch_data_samples: SampleList) -> dict:
        """Compute the losses of matched features.

        Args:
            batch_inputs: L levels of matched features.
            batch_data_samples: Samples with true boxes in pixels.
        """
        for sample in batch_data_samples:
            for instances in (sample.gt_instances, sample.ignored_instances):
                instances.bboxes = normalise_boxes(instances.bboxes, sample.img_shape)
        return super().loss(batch_inputs, batch_data_samples)
