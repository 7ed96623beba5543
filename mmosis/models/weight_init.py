"""Start the backbone from weights that say what they were trained on."""

import logging
from pathlib import Path

from mmengine.logging import print_log
from mmengine.model import BaseModule, PretrainedInit
from mmengine.registry import WEIGHT_INITIALIZERS
from torch import nn

LEAK_FREE = 'ImageNet-687'


@WEIGHT_INITIALIZERS.register_module()
class BackbonePretrainedInit(PretrainedInit):
    """mmengine's ``PretrainedInit`` that keeps count of leaks.

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
            print_log(
                f'the backbone was trained on {self.pretraining}, which shows the one-shot categories: one-shot '
                'figures of this model leak and must not be compared with the paper',
                logger='current',
                level=logging.WARNING,
            )
        super().__call__(module)
        # MMEngine initialises a module's children after it, but for its own 'Pretrained'.
        for part in module.modules():
            if isinstance(part, BaseModule):
                part.is_init = True
