"""Read the weights of a training, and write checkpoints of weights only."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import torch
from torch import Tensor

from mmosis.utils.atomic import write_atomic
from mmosis.version import __version__

from .checkpoint import load_from_local


def read_trained(path: str | Path) -> dict:
    """Read a checkpoint of a training.

    Args:
        path: The file.

    Returns:
        dict: As the Runner saved it, with ``state_dict``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint, or has no weights.
    """
    checkpoint = load_from_local(path, map_location='cpu')
    weights = checkpoint.get('state_dict') if isinstance(checkpoint, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(weight, Tensor) for weight in weights.values()):
        raise ValueError(f'{path} has no weights under state_dict; give a checkpoint of tools/train.py')
    return checkpoint


def write_weights(path: str | Path, state_dict: Mapping[str, Tensor], meta: Mapping | None = None) -> None:
    """Write a checkpoint for ``load_from``, ``init_cfg`` and the tools, atomically.

    Args:
        path: The file.
        state_dict: Weights by name.
        meta: Plain values that say where they are from; our version is added.

    Raises:
        OSError: If it cannot be written; nothing half-written is left.
    """
    buffer = BytesIO()
    torch.save(dict(meta=dict(meta or {}, mmosis_version=__version__), state_dict=dict(state_dict)), buffer)
    write_atomic(path, buffer.getvalue())
