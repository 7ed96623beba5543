"""EfficientNetLite: ImageNet features that come inside an ordinary package."""

from mmdet.models.backbones.efficientnet import EfficientNet
from mmdet.registry import MODELS


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """mmdet's EfficientNet with the table of EfficientNet-Lite0.

    The Lite variants have no squeeze-and-excitation, and ReLU6 for Swish
    (github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). Their weights take pixels as
    (x - 127) / 128.

    Levels by ``out_indices``: 2 (stride 4, 24 channels), 3 (8, 40), 4 (16, 112), 5 (32, 320).

    Args:
        arch: 'lite0'.
        act_cfg: The activation.
        **kwargs: ``EfficientNet``'s.
    """

    # Kernel, channels, squeeze-and-excitation, stride, expansion, kind of block.
    layer_settings = {
        'l': [
            [[3, 32, 0, 2, 0, -1]],
            [[3, 16, 0, 1, 1, 0]],
            [[3, 24, 0, 2, 6, 0], [3, 24, 0, 1, 6, 0]],
            [[5, 40, 0, 2, 6, 0], [5, 40, 0, 1, 6, 0]],
            [[3, 80, 0, 2, 6, 0], *[[3, 80, 0, 1, 6, 0]] * 2, *[[5, 112, 0, 1, 6, 0]] * 3],
            [[5, 192, 0, 2, 6, 0], *[[5, 192, 0, 1, 6, 0]] * 3, [3, 320, 0, 1, 6, 0]],
            [[1, 1280, 0, 1, 0, -1]],
        ]
    }
    arch_settings = {'lite0': (1.0, 1.0, 224)}

    def __init__(self, arch: str = 'lite0', act_cfg: dict = dict(type='ReLU6'), **kwargs) -> None:  # noqa: B006
        super().__init__(arch, act_cfg=act_cfg, **kwargs)
        # The host freezes when training starts: after the optimizer and DDP have counted their parameters.
        self._freeze_stages()
