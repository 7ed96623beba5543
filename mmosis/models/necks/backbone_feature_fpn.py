"""BackboneFeatureFPN: an FPN that also outputs selected backbone maps, standardized."""

from collections.abc import Sequence

from mmdet.models.necks import FPN
from mmdet.registry import MODELS
from torch import Tensor, nn

from ..layers import RunningStandardize


@MODELS.register_module()
class BackboneFeatureFPN(FPN):
    """mmdet's FPN that also outputs selected backbone maps, standardized.

    A pyramid that is trained on few categories loses much of ImageNet's semantics. The backbone's deep maps keep them,
    so the match neck gets these maps beside the pyramid, which has place and shape.

    Args:
        in_channels: Channels of the backbone's maps.
        backbone_indices: Which of these maps are output.
        **kwargs: ``FPN``'s.
    """

    def __init__(self, in_channels: Sequence[int], *args, backbone_indices: Sequence[int], **kwargs) -> None:
        super().__init__(in_channels, *args, **kwargs)
        self.backbone_indices = tuple(backbone_indices)
        self.backbone_norms = nn.ModuleList(RunningStandardize(in_channels[i]) for i in self.backbone_indices)

    def forward(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Make L levels, each (B, out_channels, H_l, W_l), and then the backbone's maps, each (B, C_k, H_k, W_k)."""
        maps = [norm(inputs[i]) for norm, i in zip(self.backbone_norms, self.backbone_indices, strict=True)]
        return (*super().forward(inputs), *maps)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args, **kwargs) -> None:
        """Load checkpoints from before ``backbone_norms`` had its name, too."""
        old = f'{prefix}kind_norms.'
        for key in [key for key in state_dict if key.startswith(old)]:
            state_dict[f'{prefix}backbone_norms.{key.removeprefix(old)}'] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
