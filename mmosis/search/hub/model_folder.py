"""The folder of a published model: config.json and model.safetensors for torch, and maybe the exported model."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from mmosis.search.onnx.exported_model import FILES as EXPORTED
from mmosis.search.onnx.exported_model import read_spec
from mmosis.search.regions import FILE as REGIONS
from mmosis.utils.atomic import write_atomic
from mmosis.utils.json_file import read_json

if TYPE_CHECKING:
    from mmengine.config import Config
    from torch import Tensor

CONFIG, WEIGHTS = 'config.json', 'model.safetensors'
FILES = (CONFIG, WEIGHTS, *EXPORTED, REGIONS)
MAX_CONFIG = 2**20  # bytes


def is_model_folder(path: str | Path) -> bool:
    """Whether it is a folder of a published model for torch."""
    return all(Path(path, name).is_file() for name in (CONFIG, WEIGHTS))


def write_model_folder(
    folder: Path, cfg: 'Config', state_dict: Mapping[str, 'Tensor'], exported: Path | None = None
) -> None:
    """Write the folder of a model.

    Args:
        folder: The folder; it is made if need be, and files of these names are replaced.
        cfg: The model's config.
        state_dict: Its weights.
        exported: Folder of the exported model, which is copied.

    Raises:
        DamagedError: If the exported model is broken.
        FileNotFoundError: If there is no exported model.
        OSError: If the folder cannot be written.
        ValueError: If the config has values that are not plain.
    """
    from safetensors.torch import save

    from .config_data import config_to_data

    config = json.dumps(config_to_data(cfg), indent=1)
    if exported is not None:
        read_spec(exported)
    write_atomic(folder / WEIGHTS, save({name: tensor.contiguous() for name, tensor in state_dict.items()}))
    write_atomic(folder / CONFIG, config)
    for name in (*EXPORTED, REGIONS) if exported is not None else ():
        if Path(exported, name).is_file():
            shutil.copyfile(Path(exported, name), folder / name)


def read_model_config(folder: str | Path) -> 'Config':
    """Read the config of a published model; nothing in it is executed.

    Raises:
        ValueError: If it is no JSON, or anything in it is not the config of a search.
    """
    from mmengine.config import Config

    from .config_data import config_from_data

    path = Path(folder, CONFIG)
    if path.stat().st_size > MAX_CONFIG:
        raise ValueError(f'{path} has {path.stat().st_size} bytes, which no config has')
    try:
        return Config(config_from_data(read_json(path)))
    except RecursionError as error:
        raise ValueError(f'{path} is nested too deeply') from error
    except ValueError as error:
        raise ValueError(f'{path} is refused: {error}') from error


def read_model_weights(folder: str | Path) -> dict[str, 'Tensor']:
    """Read the weights of a published model.

    Raises:
        ValueError: If it is no safetensors file, or a damaged one.
    """
    from safetensors.torch import load_file

    path = Path(folder, WEIGHTS)
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f'{path} is no safetensors file, or a damaged one: {error}') from error
