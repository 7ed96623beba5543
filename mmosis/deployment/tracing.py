"""Trace a module and write it as an ONNX graph."""

import warnings
from pathlib import Path
from typing import Any
from unittest.mock import patch

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn

OPSET = 17


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
            # Traced before the export begins: in one, mmdet runs export code of its own, made for another version.
            with patch.object(F, 'adaptive_avg_pool2d', _adaptive_avg_pool2d):
                traced = torch.jit.trace(module, tuple(inputs.values()), check_trace=False)
            torch.onnx.export(
                traced,
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
            reason = str(error).partition('\n')[0]  # the graph may follow
            raise ValueError(f'{path.name} cannot be made of this model: {reason}') from error
    _declare_inputs(inputs, axes, path)


def _declare_inputs(inputs: dict[str, Tensor], axes: dict[str, dict[int, str]], path: Path) -> None:
    """Let a graph take all inputs in their order; the exporter drops what nothing reads, as a region may be."""
    model = onnx.load(path)
    declared = {given.name: given for given in model.graph.input}
    for name, tensor in inputs.items():
        shape = [axes.get(name, {}).get(dim, size) for dim, size in enumerate(tensor.shape)]
        dtype = onnx.helper.np_dtype_to_tensor_dtype(tensor.numpy().dtype)
        declared.setdefault(name, onnx.helper.make_tensor_value_info(name, dtype, shape))
    del model.graph.input[:]
    model.graph.input.extend(declared[name] for name in inputs)
    onnx.save(model, path)


def _adaptive_avg_pool2d(maps: Tensor, size: Any) -> Tensor:
    """Pool maps of a fixed size as products with two matrices; ONNX has no pooling whose cells differ in size."""
    if size == 1:
        return maps.mean(dim=(-2, -1), keepdim=True)
    height, width = size if isinstance(size, tuple | list) else (size, size)
    rows, columns = _cells(int(maps.shape[-2]), int(height)), _cells(int(maps.shape[-1]), int(width))
    return rows @ maps @ columns.T


def _cells(length: int, count: int) -> Tensor:
    """Weights (count, length) of the positions in the cells."""
    starts = torch.arange(count) * length // count
    ends = -(-(torch.arange(1, count + 1) * length) // count)
    positions = torch.arange(length)
    inside = (positions >= starts[:, None]) & (positions < ends[:, None])
    return inside / inside.sum(dim=1, keepdim=True)
