"""Seconds and multiply-adds of a detector's parts within one of its steps."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import numpy as np
from mmengine.optim import OptimWrapper
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from analysis.step_timing import Step, time_step, wait_for_gpu

PARTS = {
    'backbone and neck': ('backbone', 'neck'),
    'match': ('match_neck',),
    'RPN': ('rpn_head',),
    'dense head': ('bbox_head',),
    'RoI pooling': ('roi_head.bbox_roi_extractor', 'roi_head.mask_roi_extractor'),
    'box head': ('roi_head.bbox_head',),
    'mask head': ('roi_head.mask_head',),
}
Meter = Callable[[Step], tuple[Any, np.ndarray]]
Amounts = dict[str, np.ndarray]


class Parts:
    """The parts of a detector that are called in its steps, forward passes in the order of :data:`PARTS`.

    The rest of a step is anchors, NMS, targets, losses and the pasting of masks. A GPU is waited for before and after
    each part.

    Args:
        model: A detector of mmdet or a siamese one.
        optim_wrapper: In training, the one whose backward pass and update are parts too.
    """

    def __init__(self, model: nn.Module, optim_wrapper: OptimWrapper | None = None) -> None:
        modules = dict(model.named_modules())
        self.functions = [
            (part, module, 'forward')
            for part, names in PARTS.items()
            for name in names
            if name in modules
            for module in (modules[name] if isinstance(modules[name], nn.ModuleList) else [modules[name]])  # a cascade
        ]
        if optim_wrapper is not None:
            self.functions += [('backward', optim_wrapper, 'backward'), ('optimizer', optim_wrapper, 'step')]

    def time(self, step: Step) -> Amounts:
        """Seconds (2,) of each part, of the rest and of the step in total: by the clock, and of the processor."""
        return self._measure(step, _seconds)

    def count(self, step: Step) -> Amounts:
        """Multiply-adds (1,) of convolutions and matrix products, in the same parts."""
        return self._measure(step, _multiply_adds)

    def _measure(self, step: Step, meter: Meter) -> Amounts:
        amounts: Amounts = defaultdict(float)

        def metered(part: str, function: Callable) -> Callable:
            def run(*args: Any, **kwargs: Any) -> Any:
                out, amount = meter(lambda: function(*args, **kwargs))
                amounts[part] += amount
                return out

            return run

        with ExitStack() as stack:
            for part, owner, name in self.functions:
                stack.enter_context(patch.object(owner, name, metered(part, getattr(owner, name))))
            _, total = meter(step)
        return dict(amounts, rest=total - sum(amounts.values()), total=total)


def _seconds(step: Step) -> tuple[Any, np.ndarray]:
    wait_for_gpu()  # for what came before
    out, taken = time_step(step)
    return out, np.array(taken)


def _multiply_adds(step: Step) -> tuple[Any, np.ndarray]:
    with FlopCounterMode(display=False) as counter:
        out = step()
    return out, np.array([counter.get_total_flops() / 2])
