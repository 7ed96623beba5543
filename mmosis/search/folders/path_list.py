"""Lists of paths: in text files, Parquet files and the standard input."""

import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from pathlib import Path

from mmosis.utils.image import check_regular, read_bytes

from .parquet import SUFFIX, read_paths


def is_path_list(path: Path) -> bool:
    """Whether it is a text or a Parquet file of paths."""
    return path.suffix == SUFFIX or (path.suffix == '.txt' and not path.is_dir())


def read_path_list(path: Path) -> list[str]:
    """Read the paths that a file names; relative ones count from its folder.

    In versions before, they counted from the working folder. So they do still in a list of which the first path that
    leads anywhere does so from there alone.

    Raises:
        ImportError: If it is a Parquet file and pyarrow is not installed.
        ValueError: If it names none, or cannot be read.
    """
    if not path.is_dir():
        check_regular(path)
    if path.suffix == SUFFIX:
        files = _clean(read_paths(path), str(path))
    else:
        files = _clean(_split_lines(read_bytes(path), str(path)), str(path))
    base = _find_base(files, path.parent)
    return [file if '://' in file else os.path.join(base, file) for file in files]


def split_paths(content: bytes, name: str) -> list[str]:
    """Split a text of paths, a line each, or with zeros between as ``find -print0`` writes them.

    Raises:
        ValueError: If it names none, or begins as UTF-16 and goes on otherwise.
    """
    has_zeros = b'\0' in content and not content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return _clean(os.fsdecode(content).split('\0') if has_zeros else _split_lines(content, name), name)


def _clean(paths: Sequence[str], name: str) -> list[str]:
    files = [os.path.expanduser(path) for path in paths if path.strip()]
    if not files:
        raise ValueError(f'{name} names no image; it takes a path a line, or in Parquet one a row')
    return files


def _split_lines(content: bytes, name: str) -> list[str]:
    """Read lines in UTF-8, or in what Windows writes: UTF-16, or UTF-8 after a mark. Other bytes are kept as names."""
    encoding = 'utf-16' if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else 'utf-8-sig'
    try:
        return re.split('\r\n|\r|\n', content.decode(encoding, 'surrogateescape'))
    except UnicodeDecodeError as error:
        raise ValueError(f'{name} begins as UTF-16 and goes on otherwise; save it as UTF-8') from error


def _find_base(files: Sequence[str], folder: Path) -> str:
    """What relative paths count from: the list's folder, or nothing, which is the working folder."""
    base = '' if folder == Path() else str(folder)
    for file in files:
        if base and '://' not in file and not os.path.isabs(file):
            if os.path.lexists(os.path.join(base, file)):
                return base
            if os.path.lexists(file):
                return ''
    return base
