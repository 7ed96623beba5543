"""AbsDiffMatchNeck: the paper's matching of an image with a reference."""

from mmdet.registry import MODELS
from torch import Tensor

from .vector_match_neck import VectorMatchNeck


@MODELS.register_module()
class AbsDiffMatchNeck(VectorMatchNeck):
    """Compare each position by its absolute difference to the mean of the reference (paper section 4.3 and appendix
    1.2).

    Per pyramid level l: r = GAP(reference), D = |P - r| at each position, output = conv1x1([P, D]). Arguments are
    ``BaseMatchNeck``'s.
    """

    def compare(self, feat: Tensor, reference: Tensor) -> Tensor:
        """Take the absolute difference D (E, C, H, W) of a level and references (E, C, 1, 1)."""
        return (feat - reference).abs()
