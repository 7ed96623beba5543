"""Which Keras layer of a published checkpoint is which module of ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

BLOCKS = (3, 4, 6, 3)
BATCH_NORM = {'gamma': 'weight', 'beta': 'bias', 'moving_mean': 'running_mean', 'moving_variance': 'running_var'}
EPS = 1e-3
MATCH_FIRST = (1, 0)
"""Our classes are match and background, theirs the other way round."""
XY = (1, 0, 3, 2)
"""Our deltas are x, y, w, h, theirs y, x, h, w."""


def convolution(kernel: np.ndarray) -> np.ndarray:
    """Lay out (kh, kw, in, out) as (out, in, kh, kw); of a transposed one (kh, kw, out, in) as (in, out, kh, kw)."""
    return kernel.transpose(3, 2, 0, 1)


def linear(kernel: np.ndarray) -> np.ndarray:
    """Lay out a matrix (in, out), or a convolution over all of a region, as a matrix (out, in)."""
    return kernel.T if kernel.ndim == 2 else convolution(kernel).reshape(kernel.shape[-1], -1)


@dataclass(frozen=True)
class Layer:
    """A Keras layer and where it goes.

    Attributes:
        keras: Its name.
        module: Our module's name.
        kernel: Shape of its kernel.
        layout: How that is laid out anew.
        order: In which order its outputs come, for each anchor where there are several.
        norm: The batch norm after it, by its name in Keras.
        norm_module: Our name of that; without it the norm is folded into the layer.
    """

    keras: str
    module: str
    kernel: tuple[int, ...]
    layout: Callable[[np.ndarray], np.ndarray] = convolution
    order: tuple[int, ...] = (0,)
    norm: str | None = None
    norm_module: str | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The tensors that it needs, as ``layer/weight``, and their shapes."""
        outputs = (self.kernel[2 if self.keras.endswith('deconv') else -1],)
        norm = {f'{self.norm}/{name}': outputs for name in BATCH_NORM} if self.norm else {}
        return {f'{self.keras}/kernel': self.kernel, f'{self.keras}/bias': outputs, **norm}

    def convert(self, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Convert its tensors, in float64, to those of our modules."""
        kernel, bias, *norm = (tensors[name].astype(np.float64) for name in self.shapes)
        weight, bias = self._reorder(self.layout(kernel)), self._reorder(bias)
        if self.norm_module:
            gamma, beta, mean, variance = norm
            # A bias before a batch norm on moving statistics is a shift of its mean.
            values = zip(BATCH_NORM.values(), (gamma, beta, mean - bias, variance), strict=True)
            return {f'{self.module}.weight': weight, **{f'{self.norm_module}.{name}': value for name, value in values}}
        if self.norm:
            weight, bias = _fold(weight, bias, *norm)
        return {f'{self.module}.weight': weight, f'{self.module}.bias': bias}

    def _reorder(self, values: np.ndarray) -> np.ndarray:
        grouped = values.reshape(-1, len(self.order), *values.shape[1:])
        return grouped[:, list(self.order)].reshape(values.shape)


def _fold(weight: np.ndarray, bias: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, var: np.ndarray):
    """Fold a batch norm on moving statistics into the matrix (out, in) before it."""
    factor = gamma / np.sqrt(var + EPS)
    return weight * factor[:, None], (bias - mean) * factor + beta


def backbone_layers() -> Iterator[Layer]:
    """ResNet-50, with the names of mmdet's ``ResNet``."""
    yield Layer('conv1', 'conv1', (7, 7, 3, 64), norm='bn_conv1', norm_module='bn1')
    channels = 64
    for stage, blocks in enumerate(BLOCKS, start=1):
        width = 64 * 2 ** (stage - 1)
        for block in range(blocks):
            name, ours = f'{stage + 1}{chr(ord("a") + block)}_branch', f'layer{stage}.{block}'
            kernels = (1, 1, channels, width), (3, 3, width, width), (1, 1, width, 4 * width)
            for i, kernel in enumerate(kernels, start=1):
                yield _normed(f'{name}2{"abc"[i - 1]}', f'{ours}.conv{i}', f'{ours}.bn{i}', kernel)
            if block == 0:
                kernel = (1, 1, channels, 4 * width)
                yield _normed(f'{name}1', f'{ours}.downsample.0', f'{ours}.downsample.1', kernel)
            channels = 4 * width


def _normed(name: str, module: str, norm_module: str, kernel: tuple[int, ...]) -> Layer:
    return Layer(f'res{name}', module, kernel, norm=f'bn{name}', norm_module=norm_module)


def model_layers() -> Iterator[Layer]:
    """Everything but the backbone, with the names of our detector."""
    for level in range(2, 6):
        yield Layer(f'fpn_c{level}p{level}', f'neck.lateral_convs.{level - 2}.conv', (1, 1, 64 * 2**level, 256))
        yield Layer(f'fpn_p{level}', f'neck.fpn_convs.{level - 2}.conv', (3, 3, 256, 256))
    for level in range(2, 7):
        yield Layer(f'fpn_distance_P{level}', f'match_neck.convs.{level - 2}', (1, 1, 512, 384))
    yield Layer('rpn_conv_shared', 'rpn_head.rpn_conv', (3, 3, 384, 512))
    yield Layer('rpn_class_raw', 'rpn_head.rpn_cls', (1, 1, 512, 6), order=MATCH_FIRST)
    yield Layer('rpn_bbox_pred', 'rpn_head.rpn_reg', (1, 1, 512, 12), order=XY)
    box, mask = 'roi_head.bbox_head', 'roi_head.mask_head'
    yield Layer('mrcnn_class_conv1', f'{box}.shared_fcs.0', (7, 7, 384, 1024), linear, norm='mrcnn_class_bn1')
    yield Layer('mrcnn_class_conv2', f'{box}.shared_fcs.1', (1, 1, 1024, 1024), linear, norm='mrcnn_class_bn2')
    yield Layer('mrcnn_class_logits', f'{box}.fc_cls', (1024, 2), linear, MATCH_FIRST)
    yield Layer('mrcnn_bbox_fc', f'{box}.fc_reg', (1024, 4), linear, XY)
    for i, channels in enumerate((384, 256, 256, 256), start=1):
        ours, norm = f'{mask}.convs.{i - 1}', f'mrcnn_mask_bn{i}'
        yield Layer(f'mrcnn_mask_conv{i}', f'{ours}.conv', (3, 3, channels, 256), norm=norm, norm_module=f'{ours}.bn')
    yield Layer('mrcnn_mask_deconv', f'{mask}.upsample', (2, 2, 256, 256))
    yield Layer('mrcnn_mask', f'{mask}.conv_logits', (1, 1, 256, 1))
