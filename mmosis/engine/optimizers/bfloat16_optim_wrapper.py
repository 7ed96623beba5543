"""BFloat16OptimWrapper: mixed precision without a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from mmengine.runner.amp import autocast
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Train under bfloat16 autocast on any device; mmengine's ``AmpOptimWrapper`` refuses a CPU.

    Weights, gradients and the optimizer's state stay in float32. bfloat16 has float32's range, so no loss is scaled.
    Arguments are ``OptimWrapper``'s.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast for one forward pass."""
        with super().optim_context(model), autocast(dtype=torch.bfloat16):
            yield
