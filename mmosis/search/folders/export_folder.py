"""A folder that an export writes completely or not at all, and never over what somebody has changed in it."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmosis.utils.atomic import write_atomic

TEXTS = ('.json', '.txt', '.yaml', '.xml', '.csv')  # other files are images, which are not read


def check_unchanged(folder: Path) -> None:
    """Refuse to replace a folder that is not as it was written, as after corrections in a label tool.

    Raises:
        ValueError: If it is another.
    """
    note = _note(folder)
    if os.path.lexists(folder) and not (note.is_file() and note.read_text() == _digest(folder)):
        raise ValueError(f'{folder} is not as a search wrote it, and would be replaced; rename it or remove it')


def replace_folder(folder: Path, write: Callable[[Path], Any]) -> None:
    """Write a folder and put it where an earlier one is; :func:`check_unchanged` comes first.

    Args:
        folder: The folder.
        write: It writes one of another name, which does not exist.

    Raises:
        OSError: If it cannot be written; the earlier one is left.
    """
    part, old = (folder.with_name(f'.{folder.name}.{state}') for state in ('part', 'old'))
    for leftover in (part, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        write(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    digest = _digest(part)
    if folder.exists():
        os.replace(folder, old)
    write_atomic(_note(folder), digest)
    os.replace(part, folder)
    shutil.rmtree(old, ignore_errors=True)


def _note(folder: Path) -> Path:
    return folder.with_name(f'.{folder.name}.sha256')


def _digest(folder: Path) -> str:
    """Hash names of files and what is in texts."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob('*')):
        digest.update(os.fsencode(path.relative_to(folder)) + b'\0')
        if path.suffix in TEXTS and path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
