"""Read the weights of a published checkpoint, check them and convert them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmosis.utils.install import install_hint

from .keras_layers import Layer, backbone_layers, model_layers

CLASSIFIER_INPUTS = 2048  # what a backbone's classifier sees


def read_keras(path: str | Path) -> dict[str, np.ndarray]:
    """Read all weights of a Keras file, by name: their order differs from file to file.

    Args:
        path: An h5 file of ``save_weights`` or ``save``.

    Returns:
        dict: ``layer/weight``, e.g. ``conv1/kernel``, to values.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If h5py is not installed.
        ValueError: If it is no h5 file, is cut off, or has two different tensors of one name.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'there is no file {path}')
    tensors: dict[str, np.ndarray] = {}
    for name, values in _read_datasets(path).items():
        *groups, weight = name.split('/')
        key = f'{groups[-1] if groups else ""}/{weight.partition(":")[0]}'
        if key in tensors and not np.array_equal(tensors[key], values):
            raise ValueError(f'{path} has two tensors {key}; it is not a published checkpoint')
        tensors[key] = values
    return tensors


def _read_datasets(path: str | Path) -> dict[str, np.ndarray]:
    """Read all data sets but an optimizer's, by their paths in the file."""
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise ImportError(f'h5 files need h5py, which is not installed: {install_hint("keras")}') from error
    datasets: dict[str, np.ndarray] = {}

    def collect(name: str, item: h5py.HLObject) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith('optimizer_weights'):
            datasets[name] = item[()]

    try:
        with h5py.File(path, 'r') as file:
            file.visititems(collect)
    except (OSError, RuntimeError) as error:
        raise ValueError(f'{path} is no valid h5 file ({error}); download it again') from error
    return datasets


def convert_keras(tensors: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """Convert the weights of a complete model, or of a backbone alone.

    Biases and batch norms on moving statistics are folded where mmdet's modules have none; nothing is approximated but
    by rounding. A backbone's classifier is skipped.

    Args:
        tensors: As :func:`read_keras` gives them.

    Returns:
        dict: The ``state_dict`` of our published detector, or of mmdet's ResNet-50, in float32.

    Raises:
        ValueError: If a tensor is missing, is not known, has another shape or other values than finite numbers; it is
            named.
    """
    backbone = list(backbone_layers())
    if is_detector(tensors):
        layers = [replace(layer, **_inside('backbone', layer)) for layer in backbone] + list(model_layers())
    else:
        layers, tensors = backbone, _without_classifier(tensors)
    _check(tensors, {name: shape for layer in layers for name, shape in layer.shapes.items()})
    converted = {name: value for layer in layers for name, value in layer.convert(tensors).items()}
    return {name: torch.from_numpy(np.ascontiguousarray(value, np.float32)) for name, value in converted.items()}


def is_detector(tensors: dict[str, np.ndarray]) -> bool:
    """Whether these are weights of a complete model, not of a backbone alone: it has a pyramid."""
    return any(name.startswith('fpn_') for name in tensors)


def _inside(part: str, layer: Layer) -> dict[str, str]:
    return dict(module=f'{part}.{layer.module}', norm_module=f'{part}.{layer.norm_module}')


def _without_classifier(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Leave out a matrix on top of the backbone, with its bias."""
    matrices = [name for name, value in tensors.items() if value.ndim == 2 and len(value) == CLASSIFIER_INPUTS]
    layers = {name.split('/')[0] for name in matrices}
    return {name: value for name, value in tensors.items() if name.split('/')[0] not in layers}


def _check(tensors: dict[str, np.ndarray], shapes: dict[str, tuple[int, ...]]) -> None:
    missing = [f'{name} is missing' for name in shapes if name not in tensors]
    foreign = [f'{name} is not known' for name in tensors if name not in shapes]
    wrong = [
        f'{name} must have finite numbers of shape {shape}, got {tensors[name].dtype} {tensors[name].shape}'
        for name, shape in shapes.items()
        if name in tensors and not _fits(tensors[name], shape)
    ]
    problems = wrong + missing + foreign
    if problems:
        more = f'; and {len(problems) - 5} more' if len(problems) > 5 else ''
        raise ValueError(f'the weights are not those of the published model: {"; ".join(problems[:5])}{more}')


def _fits(values: np.ndarray, shape: tuple[int, ...]) -> bool:
    return values.shape == shape and values.dtype.kind == 'f' and bool(np.isfinite(values).all())
