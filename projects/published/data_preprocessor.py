"""PublishedDataPreprocessor: in evaluation, references keep their mean, as in the published code."""

from mmdet.registry import MODELS
from torch import Tensor

from mmosis.models import OneShotDataPreprocessor


@MODELS.register_module()
class PublishedDataPreprocessor(OneShotDataPreprocessor):
    """Subtract the mean from images always, from references in training only: the published figures are made so."""

    def normalise_references(self, pixels: Tensor) -> Tensor:
        """Normalise references (N, 3, h, w); in evaluation they stay 0 to 255, RGB."""
        if self.training:
            return super().normalise_references(pixels)
        return pixels.to(self.device).float().flip(1)
