"""KindFPN: a pyramid that hands on what the backbone knows of kinds."""

from collections.abc import Sequence

from mmdet.models.necks import FPN
from mmdet.registry import MODELS
from torch import Tensor, nn

from ..layers import RunningStandardize


@MODELS.register_module()
class KindFPN(FPN):
    """mmdet's FPN, followed by some of the backbone's own maps, standardised.

    A pyramid learnt from few categories forgets what ImageNet taught: which kind a thing is. That knowledge lies in the
    backbone's deep maps, so these go to the matcher as they are, beside the pyramid, which knows place and shape.

    Args:
        in_channels: Channels of the backbone's maps.
        kind_indices: Which of them are handed on.
        **kwargs: ``FPN``'s.
    """

    def __init__(self, in_channels: Sequence[int], *args, kind_indices: Sequence[int], **kwargs) -> None:
        super().__init__(in_channels, *args, **kwargs)
        self.kind_indices = tuple(kind_indices)
        self.kind_norms = nn.ModuleList(RunningStandardize(in_channels[i]) for i in self.kind_indices)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Make L levels, each (B, out_channels, H_l, W_l), and then the kind maps, each (B, C_k, H_k, W_k)."""
        kinds = [norm(inputs[i]) for norm, i in zip(self.kind_norms, self.kind_indices, strict=True)]
        return (*super().forward(inputs), *kinds)
