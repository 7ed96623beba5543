"""From the tensors of a published checkpoint to those of mmosis."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

KerasTensors = dict[str, np.ndarray]
"""``layer/weight``, e.g. ``conv1/kernel``, to its values."""

BLOCKS = (3, 4, 6, 3)
BATCH_NORM = {'gamma': 'weight', 'beta': 'bias', 'moving_mean': 'running_mean', 'moving_variance': 'running_var'}
EPS = 1e-3
MATCH_FIRST = (1, 0)
"""Our classes are match and background, theirs the other way round."""
XY = (1, 0, 3, 2)
"""Our deltas are x, y, w, h, theirs y, x, h, w."""


def convolution(kernel: np.ndarray) -> np.ndarray:
    """Turn (kh, kw, in, out) into (out, in, kh, kw); a transposed one from (kh, kw, out, in) into (in, out, kh, kw)."""
    return kernel.transpose(3, 2, 0, 1)


def linear(kernel: np.ndarray) -> np.ndarray:
    """Turn a convolution over a whole region, or a matrix (in, out), into a matrix (out, in)."""
    return convolution(kernel).reshape(kernel.shape[-1], -1) if kernel.ndim == 4 else kernel.T


@dataclass(frozen=True)
class Layer:
    """Where a Keras layer goes.

    Attributes:
        keras: Its name.
        module: Our module's name.
        layout: How its kernel is laid out anew.
        order: In which order its outputs come, for each anchor where there are several.
        norm: The batch norm after it, whose name in Keras this is.
        norm_module: Our name of that; without it the norm is folded into the layer.
    """

    keras: str
    module: str
    layout: Callable[[np.ndarray], np.ndarray] = convolution
    order: tuple[int, ...] = (0,)
    norm: str | None = None
    norm_module: str | None = None

    @property
    def names(self) -> list[str]:
        """The tensors that it needs."""
        norm = [f'{self.norm}/{name}' for name in BATCH_NORM] if self.norm else []
        return [f'{self.keras}/kernel', f'{self.keras}/bias', *norm]

    def convert(self, tensors: KerasTensors) -> dict[str, np.ndarray]:
        """Convert its tensors, in float64."""
        kernel, bias, *norm = (tensors[name].astype(np.float64) for name in self.names)
        weight = self._reorder(self.layout(kernel))
        bias = self._reorder(bias)
        if self.norm_module:
            gamma, beta, mean, variance = norm
            # A bias before a batch norm on moving statistics is a shift of its mean.
            values = (gamma, beta, mean - bias, variance)
            return {
                f'{self.module}.weight': weight,
                **{f'{self.norm_module}.{name}': value for name, value in zip(BATCH_NORM.values(), values, strict=True)},
            }
        if self.norm:
            gamma, beta, mean, variance = norm
            factor = gamma / np.sqrt(variance + EPS)
            weight, bias = weight * factor.reshape(-1, *[1] * (weight.ndim - 1)), (bias - mean) * factor + beta
        return {f'{self.module}.weight': weight, f'{self.module}.bias': bias}

    def _reorder(self, values: np.ndarray) -> np.ndarray:
        grouped = values.reshape(-1, len(self.order), *values.shape[1:])
        return grouped[:, list(self.order)].reshape(values.shape)


def backbone_layers() -> Iterator[Layer]:
    """ResNet-50, named as mmdet's."""
    yield Layer('conv1', 'conv1', norm='bn_conv1', norm_module='bn1')
    for stage, blocks in enumerate(BLOCKS, start=1):
        for block in range(blocks):
            name, ours = f'{stage + 1}{chr(ord("a") + block)}_branch', f'layer{stage}.{block}'
            for i, part in enumerate('abc', start=1):
                yield _normed(f'{name}2{part}', f'{ours}.conv{i}', f'{ours}.bn{i}')
            if block == 0:
                yield _normed(f'{name}1', f'{ours}.downsample.0', f'{ours}.downsample.1')


def _normed(name: str, module: str, norm_module: str) -> Layer:
    return Layer(f'res{name}', module, norm=f'bn{name}', norm_module=norm_module)


def head_layers() -> Iterator[Layer]:
    """Everything but the backbone."""
    for level in range(2, 6):
        yield Layer(f'fpn_c{level}p{level}', f'neck.lateral_convs.{level - 2}.conv')
        yield Layer(f'fpn_p{level}', f'neck.fpn_convs.{level - 2}.conv')
    for level in range(2, 7):
        yield Layer(f'fpn_distance_P{level}', f'match_neck.convs.{level - 2}')
    yield Layer('rpn_conv_shared', 'rpn_head.rpn_conv')
    yield Layer('rpn_class_raw', 'rpn_head.rpn_cls', order=MATCH_FIRST)
    yield Layer('rpn_bbox_pred', 'rpn_head.rpn_reg', order=XY)
    box, mask = 'roi_head.bbox_head', 'roi_head.mask_head'
    for i in (1, 2):
        yield Layer(f'mrcnn_class_conv{i}', f'{box}.shared_fcs.{i - 1}', linear, norm=f'mrcnn_class_bn{i}')
    yield Layer('mrcnn_class_logits', f'{box}.fc_cls', linear, MATCH_FIRST)
    yield Layer('mrcnn_bbox_fc', f'{box}.fc_reg', linear, XY)
    for i in range(1, 5):
        ours = f'{mask}.convs.{i - 1}'
        yield Layer(f'mrcnn_mask_conv{i}', f'{ours}.conv', norm=f'mrcnn_mask_bn{i}', norm_module=f'{ours}.bn')
    yield Layer('mrcnn_mask_deconv', f'{mask}.upsample')
    yield Layer('mrcnn_mask', f'{mask}.conv_logits')


def convert_weights(tensors: KerasTensors, layers: list[Layer]) -> dict[str, Tensor]:
    """Convert the tensors of these layers.

    Args:
        tensors: All tensors of a file.
        layers: The layers that are wanted.

    Returns:
        dict: Our names to tensors in float32.

    Raises:
        ValueError: If tensors are missing, or there are others, each named.
    """
    wanted = {name for layer in layers for name in layer.names}
    missing, foreign = sorted(wanted - set(tensors)), sorted(set(tensors) - wanted)
    if missing or foreign:
        raise ValueError(
            f'the file is not of this model: {len(missing)} tensors are missing ({", ".join(missing[:5])}), '
            f'{len(foreign)} are not known ({", ".join(foreign[:5])})'
        )
    converted = {name: value for layer in layers for name, value in layer.convert(tensors).items()}
    return {name: torch.from_numpy(np.ascontiguousarray(value, np.float32)) for name, value in converted.items()}
