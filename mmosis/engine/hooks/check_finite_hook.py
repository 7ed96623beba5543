"""CheckFiniteHook: stops the training at a loss that is NaN or infinite."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn

ADVICE = (
    'Look at these samples; if they are right, lower the learning rate (optim_wrapper.optimizer.lr), clip the '
    'gradients (optim_wrapper.clip_grad) or train without --amp, and go on with --resume'
)


@HOOKS.register_module()
class CheckFiniteHook(Hook):
    """Stop at a loss that is not finite, between forward pass and step of the optimizer; save no such weights.

    mmdet's ``CheckInvalidLossHook`` checks at intervals, after the step, when the weights are NaN already.
    """

    def __init__(self) -> None:
        self._handle: torch.utils.hooks.RemovableHandle | None = None

    def before_train(self, runner: Runner) -> None:
        """Check the model's losses from now on."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model

        def check(module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
            if kwargs.get('mode') == 'loss':
                _check_losses(module, output, kwargs.get('data_samples'), runner.iter)

        self._handle = model.register_forward_hook(check, with_kwargs=True)

    def after_train(self, runner: Runner) -> None:
        """Stop checking."""
        self._handle.remove()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to save weights that are not finite.

        Raises:
            FloatingPointError: If there are some: a finite loss had gradients that were not.
        """
        broken = [name for name, value in checkpoint['state_dict'].items() if not torch.isfinite(value).all()]
        if broken:
            raise FloatingPointError(
                f'{broken[0]}, one of {len(broken)} weights, is not finite after iteration '
                f'{checkpoint["meta"]["iter"]}: nothing is saved. The gradients of a finite loss were not. {ADVICE}'
            )


def _check_losses(module: nn.Module, losses: dict, samples: Any, iteration: int) -> None:
    """Check a batch's losses.

    Raises:
        FloatingPointError: If their sum is not finite.
    """
    total, parts = module.parse_losses(losses)
    if torch.isfinite(total):
        return
    values = ', '.join(f'{name}={value.item():.4g}' for name, value in parts.items())
    raise FloatingPointError(
        f'the loss is not finite at iteration {iteration + 1}: {values}. Batch: '
        f'{"; ".join(map(_name, samples or ())) or "without samples"}. The weights are as before. {ADVICE}'
    )


def _name(sample: Any) -> str:
    """Name a sample by its draw and its image."""
    path = getattr(sample, 'img_path', 'an image without path')
    if not hasattr(sample, 'draw'):
        return path
    seed, draw = sample.draw
    return f'draw {draw} of seed {seed} ({path})'
