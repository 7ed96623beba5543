"""Write files completely or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

LEFTOVER = f'.{"[0-9a-f]" * 32}.part*'  # OpenCV wants the suffix of a video


def write_atomic(path: str | Path, content: bytes | str) -> None:
    """Write a file under another name and rename it: a crash, a stop or a full disk leaves the old file, or none.

    Args:
        path: The file; its folder is made if need be.
        content: Bytes, or text that is written as UTF-8.

    Raises:
        OSError: If it cannot be written (no space, no permission, a device or a pipe); the message names the file.
            Nothing half-written is left.
    """
    with open_atomic(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def open_atomic(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file to write piece by piece; it gets its name when all is written.

    Args:
        path: The file; its folder is made if need be.

    Yields:
        The file, open for bytes.

    Raises:
        OSError: As :func:`write_atomic`.
    """
    path = Path(path)
    temporary = path.parent / f'.{uuid4().hex}.part'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not (path.is_file() or path.is_dir()):  # a device would be replaced, for all programs
            raise OSError(errno.EINVAL, 'it is no regular file')
        try:
            with temporary.open('xb') as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:  # a stop as well
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise type(error)(error.errno, f'cannot write {path}: {error.strerror}; nothing of it was kept') from error


def remove_leftovers(folder: str | Path, *below: str) -> None:
    """Remove what a killed process has left half-written in a folder; nobody may be writing there.

    Args:
        folder: The folder; it need not exist.
        *below: Folders in it that are looked through with all that is in them.
    """
    places = [Path(folder).glob(LEFTOVER), *(Path(folder, name).rglob(LEFTOVER) for name in below)]
    for path in chain.from_iterable(places):
        path.unlink(missing_ok=True)
