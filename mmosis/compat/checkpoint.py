"""Checkpoints are read as data: loading one runs nothing that is in it.

MMEngine reads checkpoints through ``CheckpointLoader``, whose loaders end in an unsafe ``torch.load`` (the fork's after
a safe try, the original's at once). In the block of :func:`safe_loading` they end in ``weights_only=True``. Our Runner,
inferencer and weight initialisers load in such blocks; outside of them the loaders are MMEngine's.
"""

import os
import pickle
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, NoReturn
from urllib.parse import urlparse

import mmengine.runner.checkpoint as upstream
import numpy as np
import torch
from mmengine.dist import barrier, is_main_process
from mmengine.logging import HistoryBuffer
from mmengine.runner import (
    CheckpointLoader,
    get_deprecated_model_names,
    get_external_models,
    get_mmcls_models,
    get_torchvision_models,
)

from .inflation import check_file, check_tensors

StrPath = str | os.PathLike

_loading = RLock()
HISTORY_STATISTICS = ('min', 'max', 'mean', 'current')


def load_from_local(path: StrPath, map_location: Any = None) -> Any:
    """Load a checkpoint that a Runner has saved; it has the name of MMEngine's, whose log shows a part of the name.

    Besides tensors and plain Python values it may hold the Runner's own inert types: numpy arrays and scalars, and the
    log's ``HistoryBuffer``.

    Args:
        path: The checkpoint file.
        map_location: As in ``torch.load``.

    Returns:
        What was saved; nothing that the file holds has been executed.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is broken, no checkpoint, holds anything else, or claims more bytes than the file has.
    """
    with torch.serialization.safe_globals(_runner_types()):
        return load_weights_file(path, map_location)


def load_weights_file(path: StrPath, map_location: Any = None) -> Any:
    """Load a file made for other people (released weights, encoded references): tensors and plain values only.

    Args, returns and errors are those of :func:`load_from_local`.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'there is no checkpoint file {path}')
    try:
        if tarfile.is_tarfile(path):  # torch 2.5 reads these in an unsafe way (CVE-2025-32434), later ones refuse them
            raise pickle.UnpicklingError('the tar format of torch before 0.2 is not read')
        check_file(path)
        loaded = torch.load(path, map_location=map_location, weights_only=True)
        check_tensors(loaded, path)
        return loaded
    except Exception as error:  # a foreign file may fail anywhere inside the unpickler
        raise ValueError(
            f'{path} cannot be loaded ({_reason(error)}); nothing in it was executed. A checkpoint holds tensors and '
            'plain values only: fetch or save the file again, or ask its author for a plain state dict'
        ) from error


@contextmanager
def safe_loading() -> Iterator[None]:
    """Have MMEngine's ``CheckpointLoader`` load checkpoints as data in a ``with`` block, or in a decorated function.

    Its loaders are those of the process: other threads too load safely meanwhile, and wait to enter a block of theirs.
    Loaders that a user has registered for other schemes stay. In the block loading raises ValueError and
    FileNotFoundError as :func:`load_from_local` does.
    """
    with _loading:
        usual = CheckpointLoader._schemes
        CheckpointLoader._schemes = dict(usual)
        try:
            for prefixes, loader in _LOADERS.items():
                CheckpointLoader.register_scheme(prefixes, loader, force=True)
            yield
        finally:
            CheckpointLoader._schemes = usual


def load_from_http(filename: str, map_location: Any = None) -> Any:
    """Download a file into torch's cache, once per machine, and load it from there."""
    if is_main_process():
        _download(filename)
    barrier()
    return load_from_local(_download(filename), map_location)


def load_from_torchvision(filename: str, map_location: Any = None) -> Any:
    """Load weights by torchvision's name for them, e.g. ``torchvision://resnet50``."""
    return load_from_http(_look_up(filename, get_torchvision_models()), map_location)


def load_from_openmmlab(filename: str, map_location: Any = None) -> Any:
    """Load weights by OpenMMLab's name for them, e.g. ``open-mmlab://detectron2/resnet50_caffe``."""
    scheme, name = filename.split('://', 1)
    name = get_deprecated_model_names().get(name, name)
    url = _look_up(f'{scheme}://{name}', get_external_models())
    if urlparse(url).scheme in ('http', 'https'):
        return load_from_http(url, map_location)
    return load_from_local(Path(upstream._get_mmengine_home(), url), map_location)


def load_from_mmcls(filename: str, map_location: Any = None) -> Any:
    """Load a classification backbone by its name, e.g. ``mmcls://mobilenet_v2``."""
    return upstream._process_mmcls_checkpoint(load_from_http(_look_up(filename, get_mmcls_models()), map_location))


def load_from_remote(filename: str, map_location: Any = None) -> NoReturn:
    """Refuse a storage service that needs a client of its own.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f'mmosis loads no checkpoints from {filename}: fetch the file and give its local path')


_LOADERS: dict[tuple[str, ...], Callable] = {
    ('',): load_from_local,
    ('http://', 'https://'): load_from_http,
    ('modelzoo://', 'torchvision://'): load_from_torchvision,
    ('open-mmlab://', 'openmmlab://'): load_from_openmmlab,
    ('mmcls://',): load_from_mmcls,
    ('pavi://', r'(\S+\:)?s3://', r'(\S+\:)?petrel://'): load_from_remote,
}


def _look_up(filename: str, urls: dict[str, str]) -> str:
    name = filename.split('://', 1)[1]
    if name not in urls:
        raise ValueError(f'{filename} names no known weights: {name!r} is not in the list that MMEngine keeps')
    return urls[name]


def _download(url: str) -> Path:
    cached = Path(torch.hub.get_dir(), 'checkpoints', Path(urlparse(url).path).name)
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(cached))
    return cached


def _runner_types() -> list:
    """The inert types that a Runner saves beside tensors: logs (HistoryBuffer) and metrics (numpy scalars)."""
    multiarray = np.core.multiarray if np.__version__.startswith('1.') else np._core.multiarray
    dtypes = [type(np.dtype(name)) for name in ('float64', 'float32', 'int64')]
    return [HistoryBuffer, _getattr, multiarray._reconstruct, multiarray.scalar, np.ndarray, np.dtype, *dtypes]


def _getattr(owner: Any, name: str) -> Callable:
    """Stand in for ``getattr``, by which a HistoryBuffer names its own statistics in a pickle; nothing else passes."""
    if owner is not HistoryBuffer or name not in HISTORY_STATISTICS:
        raise pickle.UnpicklingError(f'it looks up {name!r} in {owner!r}')
    return getattr(HistoryBuffer, name)


_getattr.__module__, _getattr.__name__, _getattr.__qualname__ = 'builtins', 'getattr', 'getattr'


def _reason(error: Exception) -> str:
    """The first sentence of the error; torch wraps the unpickler's own into a page of advice, some of it unsafe."""
    cause = error.__context__ or error
    return f'{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else "no details"}'.split('. ')[0]
