"""Trace host code so that what it records holds for any size and any number of boxes."""

import copy
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import onnx
import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.conv2d_adaptive_padding import Conv2dAdaptivePadding
from mmcv.ops import RoIAlign
from mmcv.ops.nms import NMSop
from mmdet.models import RPNHead
from mmdet.models.task_modules import DeltaXYWHBBoxCoder, DistancePointBBoxCoder
from mmdet.models.utils import misc
from mmengine.config import ConfigDict
from torch import Tensor, nn

from mmosis.compat import ops

OPSET = 17
NO_SPLIT = 10**9


def write_graph(
    module: nn.Module, inputs: dict[str, Tensor], outputs: list[str], dynamic: dict[str, list[int]], path: Path
) -> None:
    """Trace a module and write it as ONNX.

    Args:
        module: Takes the inputs in their order.
        inputs: An example, by name.
        outputs: Names of the results.
        dynamic: Of inputs and outputs the dimensions that may change.
        path: File to write.

    Raises:
        ValueError: If it does something that cannot be traced or that ONNX does not know.
    """
    axes = {name: {dim: f'{name}_{dim}' for dim in dims} for name, dims in dynamic.items()}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        try:
            torch.onnx.export(
                _trace(module, tuple(inputs.values())),
                tuple(inputs.values()),
                str(path),
                dynamo=False,
                opset_version=OPSET,
                # As they are: batch norms that are folded into convolutions are no longer exact in half precision.
                training=torch.onnx.TrainingMode.PRESERVE,
                input_names=list(inputs),
                output_names=outputs,
                dynamic_axes=axes,
            )
        except (RuntimeError, TypeError) as error:
            reason = str(error).partition('\n')[0]  # the whole graph may follow
            raise ValueError(f'{path.name} cannot be made of this model: {reason}') from error
    _declare_inputs(inputs, axes, path)


def _declare_inputs(inputs: dict[str, Tensor], axes: dict[str, dict[int, str]], path: Path) -> None:
    """Let a graph take all inputs in their order; the exporter leaves out what nothing reads, as a region may be."""
    model = onnx.load(path)
    declared = {given.name: given for given in model.graph.input}
    for name, tensor in inputs.items():
        shape = [axes.get(name, {}).get(dim, size) for dim, size in enumerate(tensor.shape)]
        dtype = onnx.helper.np_dtype_to_tensor_dtype(tensor.numpy().dtype)
        declared.setdefault(name, onnx.helper.make_tensor_value_info(name, dtype, shape))
    del model.graph.input[:]
    model.graph.input.extend(declared[name] for name in inputs)
    onnx.save(model, path)


def _trace(module: nn.Module, inputs: tuple[Tensor, ...]) -> torch.jit.ScriptModule:
    """Trace before the export begins: in one, mmdet runs code of its own that fits another version of it."""
    with host_without_branches(module):
        return torch.jit.trace(module, inputs, check_trace=False)


@contextmanager
def host_without_branches(module: nn.Module) -> Iterator[None]:
    """Let host code take the branch that is right for any input: a trace keeps the one that its example takes."""
    with ExitStack() as stack:
        for patched in (*_ops(module), *_questions(), *_settings(module), *_boxes()):
            stack.enter_context(patched)
        yield


def _ops(module: nn.Module) -> Iterator[Any]:
    """NMS and RoIAlign as torchvision's operators, which ONNX knows; sizes as far as they are the same for all."""
    yield patch.object(NMSop, 'apply', lambda *args: NMSop.forward(None, *args))
    yield patch.object(sys.modules[NMSop.__module__].ext_module, 'nms', ops.nms)
    for layer in module.modules():
        if isinstance(layer, RoIAlign):
            yield patch.object(layer, 'use_torchvision', True)
    # Without its last argument, which the exporter does not know: ONNX's is stable always.
    sort = Tensor.sort
    yield patch.object(
        Tensor, 'sort', lambda t, dim=-1, descending=False, stable=False: sort(t, dim=dim, descending=descending)
    )
    yield patch.object(F, 'adaptive_avg_pool2d', _adaptive_avg_pool2d)
    yield patch.object(Conv2dAdaptivePadding, 'forward', _with_fixed_sizes(Conv2dAdaptivePadding.forward))


def _questions() -> Iterator[Any]:
    """No level is without RoIs, no result is empty, and some boxes are too small: nothing is left out."""
    yield patch.object(Tensor, 'numel', lambda tensor: 1)
    equals = Tensor.__eq__
    yield patch.object(Tensor, '__eq__', lambda t, other: not _is_empty_count(t, other) and equals(t, other))
    tell_all = Tensor.all
    yield patch.object(Tensor, 'all', lambda *args, **kwargs: len(args) + len(kwargs) > 1 and tell_all(*args, **kwargs))
    # One image's boxes are not split by image; their number would be kept.
    split = Tensor.split
    yield patch.object(Tensor, 'split', lambda t, size, dim=0: (t,) if _is_of_one(size) else split(t, size, dim))
    yield patch.object(misc, 'min', lambda limit, count: limit, create=True)
    # An assignment drops the first dimension of a value of one row.
    yield patch.object(Tensor, '__setitem__', lambda tensor, index, value: tensor.index_put_((index,), value))


def _is_empty_count(tensor: Tensor, other: Any) -> bool:
    """Whether it is asked if there are 0: a size is a tensor in a trace."""
    return tensor.dim() == 0 and isinstance(other, int) and other == 0


def _is_of_one(size: Any) -> bool:
    return isinstance(size, (tuple, list)) and len(size) == 1


class _Limit(int):
    """Boxes to keep at most: cut to it whether there are more or not."""

    def __lt__(self, other: Any) -> bool:
        return True


def _settings(module: nn.Module) -> Iterator[Any]:
    """Choose by the same rules, but always, and over all boxes at once."""
    for head in module.modules():
        test_cfg = getattr(head, 'test_cfg', None)
        if isinstance(test_cfg, ConfigDict) and 'nms' in test_cfg:
            test_cfg = copy.deepcopy(test_cfg)
            test_cfg.nms.split_thr = NO_SPLIT
            # Levels are apart, and there is one class; a shift of none is not defined.
            test_cfg.nms.class_agnostic = not isinstance(head, RPNHead)
            if 'nms_pre' in test_cfg:
                test_cfg.nms_pre = _Limit(test_cfg.nms_pre)
            yield patch.object(head, 'test_cfg', test_cfg)


def _boxes() -> Iterator[Any]:
    """Clip boxes out of place: what is written into a slice is lost in a trace."""
    for coder in (DeltaXYWHBBoxCoder, DistancePointBBoxCoder):
        yield patch.object(coder, 'decode', _clipping(coder.decode))


def _clipping(decode: Callable) -> Callable:
    def decode_and_clip(coder: Any, priors: Tensor, deltas: Tensor, max_shape: Any = None, *args: float) -> Tensor:
        boxes = decode(coder, priors, deltas, None, *args)
        if max_shape is None or not coder.clip_border:
            return boxes
        height, width = max_shape
        x1, y1, x2, y2 = (side.clamp(min=0) for side in boxes.unbind(-1))
        return torch.stack([x1.clamp(max=width), y1.clamp(max=height), x2.clamp(max=width), y2.clamp(max=height)], -1)

    return decode_and_clip


def _with_fixed_sizes(forward: Callable) -> Callable:
    """Pad as for the example: where strides divide all sizes, it is the same for all."""

    def padded(layer: nn.Module, x: Tensor) -> Tensor:
        with patch.object(Tensor, 'size', lambda tensor: tuple(int(side) for side in tensor.shape)):
            return forward(layer, x)

    return padded


def _adaptive_avg_pool2d(maps: Tensor, size: Any) -> Tensor:
    """Pool maps of a fixed size as products with two matrices; ONNX has no pooling whose cells differ in size."""
    if size == 1:
        return maps.mean(dim=(-2, -1), keepdim=True)
    height, width = size if isinstance(size, tuple | list) else (size, size)
    rows, columns = _cells(int(maps.shape[-2]), int(height)), _cells(int(maps.shape[-1]), int(width))
    return rows @ maps @ columns.T


def _cells(length: int, count: int) -> Tensor:
    """Shares (count, length) of the positions in the cells."""
    starts = torch.arange(count) * length // count
    ends = -(-(torch.arange(1, count + 1) * length) // count)
    positions = torch.arange(length)
    inside = (positions >= starts[:, None]) & (positions < ends[:, None])
    return inside / inside.sum(dim=1, keepdim=True)
