"""Write files whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_atomic(path: str | Path, content: bytes | str) -> None:
    """Write a file under another name and rename it: a crash, a stop or a full disk leaves the old file, or none.

    Args:
        path: The file; its folder is made if need be.
        content: Bytes, or text that is written as UTF-8.

    Raises:
        OSError: If it cannot be written (no space, no permission); the message names the file. Nothing half-written is
            left.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise type(error)(error.errno, f'cannot write {path}: {error.strerror}; nothing of it was kept') from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
