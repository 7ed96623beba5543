"""HeadsFirstHook: freezes the backbone for the first steps."""

from mmdet.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


@HOOKS.register_module()
class HeadsFirstHook(Hook):
    """Freeze the backbone for the first steps (paper section 5.1: 1000 steps, heads only).

    "Heads" are everything but the backbone, as in the published code. The backbone's parameters are in the optimizer
    from the start, but take no gradient and so have no optimizer state before the switch. The model is wrapped for DDP
    before this hook acts, so DDP knows them all and averages their gradients from the switch on; that needs
    ``find_unused_parameters = True`` in the config. A resume starts on the right side of the switch.

    Args:
        num_iters: Steps with the backbone frozen.

    Raises:
        ValueError: If the number is negative.
    """

    def __init__(self, num_iters: int) -> None:
        if num_iters < 0:
            raise ValueError(f'the number of heads-only steps must be at least 0, got {num_iters}')
        self.num_iters = num_iters
        self._frozen: list[nn.Parameter] = []

    def before_train(self, runner: Runner) -> None:
        """Freeze the backbone if the switch is still to come.

        Raises:
            ValueError: If DDP would stop at parameters without gradient.
        """
        model = runner.model
        if is_model_wrapper(model):
            if not model.find_unused_parameters:
                raise ValueError(
                    'HeadsFirstHook in distributed training needs find_unused_parameters = True in the config'
                )
            model = model.module
        if runner.iter < self.num_iters:
            self._frozen = [parameter for parameter in model.backbone.parameters() if parameter.requires_grad]
            self._set_requires_grad(False)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Unfreeze the backbone when its step has come."""
        if self._frozen and runner.iter >= self.num_iters:
            self._set_requires_grad(True)
            self._frozen = []

    def _set_requires_grad(self, requires_grad: bool) -> None:
        for parameter in self._frozen:
            parameter.requires_grad_(requires_grad)
