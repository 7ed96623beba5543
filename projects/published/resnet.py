"""The published code's backbone."""

from mmdet.models import ResNet
from mmdet.registry import MODELS
from torch import nn


@MODELS.register_module()
class PublishedResNet(ResNet):
    """mmdet's ResNet, caffe style, that pads before max-pooling as TensorFlow does: at the bottom and right only.

    The published convolutions have biases before batch norms on moving statistics; the converter folds them into these.
    """

    def _make_stem_layer(self, in_channels: int, base_channels: int) -> None:
        super()._make_stem_layer(in_channels, base_channels)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
