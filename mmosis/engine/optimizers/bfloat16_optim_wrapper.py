"""BFloat16OptimWrapper: mixed precision in bfloat16, on a CPU too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn

from mmosis.utils.precision import may_use_bfloat16


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Train under bfloat16 autocast on any device that has it; mmengine's ``AmpOptimWrapper`` refuses a CPU.

    Weights, gradients and the optimizer's state stay in float32. bfloat16 has float32's range, so no loss is scaled.
    A device that would only emulate bfloat16 trains in float32, and one warning says so.
    Arguments are ``OptimWrapper``'s.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._device = self.param_groups[0]['params'][0].device.type
        self._enabled = may_use_bfloat16(self._device)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast for one forward pass."""
        with super().optim_context(model), torch.autocast(self._device, torch.bfloat16, enabled=self._enabled):
            yield
