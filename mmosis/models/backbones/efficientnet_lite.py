"""EfficientNetLite: ImageNet features that come inside an ordinary package."""

from mmdet.models.backbones.efficientnet import EfficientNet
from mmdet.registry import MODELS


def _repeat(num: int, first: list[int]) -> list[list[int]]:
    """A block and its repetitions, of which the first alone has a stride."""
    return [first, *[[*first[:3], 1, *first[4:]]] * (num - 1)]


# Kernel, channels, squeeze-and-excitation, stride, expansion, type of block.
_LAYERS = {
    'lite0': [
        [[3, 32, 0, 2, 0, -1]],
        [[3, 16, 0, 1, 1, 0]],
        _repeat(2, [3, 24, 0, 2, 6, 0]),
        _repeat(2, [5, 40, 0, 2, 6, 0]),
        [*_repeat(3, [3, 80, 0, 2, 6, 0]), *_repeat(3, [5, 112, 0, 1, 6, 0])],
        [*_repeat(4, [5, 192, 0, 2, 6, 0]), [3, 320, 0, 1, 6, 0]],
        [[1, 1280, 0, 1, 0, -1]],
    ],
    'lite2': [
        [[3, 32, 0, 2, 0, -1]],
        [[3, 16, 0, 1, 1, 0]],
        _repeat(3, [3, 24, 0, 2, 6, 0]),
        _repeat(3, [5, 48, 0, 2, 6, 0]),
        [*_repeat(4, [3, 88, 0, 2, 6, 0]), *_repeat(4, [5, 120, 0, 1, 6, 0])],
        [*_repeat(5, [5, 208, 0, 2, 6, 0]), [3, 352, 0, 1, 6, 0]],
        [[1, 1280, 0, 1, 0, -1]],
    ],
}


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """mmdet's EfficientNet with the tables of EfficientNet-Lite0 and Lite2.

    The Lite variants have no squeeze-and-excitation, and ReLU6 for Swish
    (github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). Their weights take pixels as
    (x - 127) / 128.

    Levels by ``out_indices``: 2 (stride 4, 24 channels), 3 (8, 40), 4 (16, 112), 5 (32, 320). Lite2 has 24, 48, 120 and
    352 channels.

    Args:
        arch: 'lite0' or 'lite2'.
        act_cfg: The activation.
        **kwargs: ``EfficientNet``'s.
    """

    arch_settings = {'lite0': (1.0, 1.0, 224), 'lite2': (1.0, 1.0, 260)}

    def __init__(self, arch: str = 'lite0', act_cfg: dict = dict(type='ReLU6'), **kwargs) -> None:  # noqa: B006
        # mmdet would scale the first and the last blocks in depth too, which the Lite variants do not.
        self.layer_settings = {'l': _LAYERS.get(arch)}
        super().__init__(arch, act_cfg=act_cfg, **kwargs)
        # mmdet freezes when training starts: after the optimizer and DDP have counted their parameters.
        self._freeze_stages()
