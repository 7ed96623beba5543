"""ConcatMatchNeck: the reference concatenated with image features, without a difference."""

from mmdet.registry import MODELS
from torch import Tensor

from .vector_match_neck import VectorMatchNeck


@MODELS.register_module()
class ConcatMatchNeck(VectorMatchNeck):
    """Concatenate the reference itself with the image features: output = conv1x1([P, r]) (an ablation of paper section
    4.3).

    The convolution is linear, so a reference only adds one vector to all positions; whether a position resembles it is
    left to the heads to find out. Arguments are ``BaseMatchNeck``'s.
    """

    def compare(self, feat: Tensor, reference: Tensor) -> Tensor:
        """Return the reference (E, C, 1, 1) as it is."""
        return reference
