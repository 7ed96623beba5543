"""Initialisers that load backbone weights, and warn where their pre-training has seen one-shot categories."""

import logging
from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule, PretrainedInit
from mmengine.registry import WEIGHT_INITIALIZERS
from torch import nn

from mmosis.compat.checkpoint import safe_loading

__all__ = ['BackbonePretrainedInit', 'PackagedPretrainedInit']

LEAK_FREE = 'ImageNet-687'
LEAKS = 'which shows the one-shot categories: one-shot figures leak and must not be compared with the paper'


@WEIGHT_INITIALIZERS.register_module()
class BackbonePretrainedInit(PretrainedInit):
    """mmengine's ``PretrainedInit`` that warns of leaks.

    One-shot figures mean something only if the backbone has never seen the one-shot categories: the paper pre-trains on
    ImageNet-687, the classes without a counterpart in COCO (section 5.1).

    Args:
        checkpoint: Weights of the backbone.
        pretraining: The data that they were trained on; anything but 'ImageNet-687' is logged as a leak.
    """

    def __init__(self, checkpoint: str, pretraining: str = LEAK_FREE) -> None:
        super().__init__(checkpoint)
        self.pretraining = pretraining

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into the backbone.

        Raises:
            FileNotFoundError: If the leak-free file is missing; says how to get it or what to use instead.
        """
        if self.pretraining == LEAK_FREE and not Path(self.checkpoint).is_file():
            raise FileNotFoundError(
                f'{self.checkpoint} is missing: ResNet-50 (caffe style, RGB) trained on the 687 ImageNet classes '
                'without a counterpart in COCO. Train it or convert the published one (docs/reproduce.md); or use '
                'a backbone trained on all of ImageNet, whose one-shot figures leak: '
                'configs/siamese_mask_rcnn_s1_imagenet1k.py'
            )
        if self.pretraining != LEAK_FREE:
            _warn_of_leak(self.pretraining)
        with safe_loading():
            super().__call__(module)
        _keep(module)


@WEIGHT_INITIALIZERS.register_module()
class PackagedPretrainedInit:
    """Start the backbone from ImageNet weights that an installed package carries as a file.

    The package's network has the same layers in the same order under other names, which is checked by shape; what
    follows the backbone there (the classifier) is skipped.

    Args:
        package: Import name of the package.
        file: The weights' file in it.
        install: What to install where it is missing.
    """

    def __init__(self, package: str, file: str, install: str) -> None:
        self.package, self.file, self.install = package, file, install

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into the backbone.

        Raises:
            FileNotFoundError: If the package is not installed; says what to install.
            ValueError: If the file's layers are not the backbone's.
        """
        _warn_of_leak('ImageNet-1k')
        weights = torch.load(self._find(), map_location='cpu', weights_only=True)
        own = module.state_dict()
        theirs = dict(zip(own, weights.values(), strict=False))
        wrong = [name for name in own if name not in theirs or theirs[name].shape != own[name].shape]
        if wrong:
            raise ValueError(
                f'{self.file} of {self.package} has other layers than this backbone: {", ".join(wrong[:3])}'
            )
        module.load_state_dict(theirs)
        _keep(module)

    def _find(self) -> Path:
        spec = find_spec(self.package)
        path = Path(spec.origin).parent / self.file if spec and spec.origin else None
        if path is None or not path.is_file():
            raise FileNotFoundError(
                f"the package {self.package} with the backbone's weights is not installed: {self.install}"
            )
        return path


def _warn_of_leak(pretraining: str) -> None:
    print_log(f'the backbone was trained on {pretraining}, {LEAKS}', logger='current', level=logging.WARNING)


def _keep(module: nn.Module) -> None:
    """Keep what was loaded: MMEngine initialises a module's children after it, but for its own 'Pretrained'."""
    for part in module.modules():
        if isinstance(part, BaseModule):
            part.is_init = True
