"""Refuse checkpoints that would take more memory than their file has bytes."""

import mmap
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

ZIP_START = b'PK\x03\x04'  # by which torch knows its own format


def check_file(path: Path) -> None:
    """Check the memory that a checkpoint will take, without loading it.

    Torch stores the entries of its zip files as they are, one after the other. Of what its safe unpickler calls,
    ``bytearray`` alone fills memory by a number.

    Raises:
        BadZipFile: If it starts like a zip file and is none.
        ValueError: If it would take more memory than it has bytes.
    """
    with path.open('rb') as file:
        if file.read(len(ZIP_START)) == ZIP_START:
            _check_entries(path)
        if path.stat().st_size:  # nothing cannot be mapped
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                if content.find(b'bytearray') >= 0:
                    raise ValueError('it holds a bytearray, as no checkpoint does')


def check_tensors(loaded: Any, path: Path) -> None:
    """Check the sizes of loaded tensors, without reading values: a tensor may be a view of less than it claims.

    Raises:
        ValueError: If a tensor is larger than the file.
    """
    for tensor in _tensors(loaded):
        size = tensor.numel() * tensor.element_size()
        if size > os.path.getsize(path):
            raise ValueError(f'a tensor claims {size} bytes, the file has {os.path.getsize(path)}')


def _check_entries(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ValueError('its entries are compressed, as torch never writes them')
    size = sum(entry.file_size for entry in entries)
    if size > os.path.getsize(path):
        raise ValueError(f'its entries claim {size} bytes, the file has {os.path.getsize(path)}')


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)
