"""Write files whole or not at all."""

import os
from pathlib import Path
from uuid import uuid4


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
    temporary = path.parent / f'.{uuid4().hex}.part'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open('xb') as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:  # a stop as well
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise type(error)(error.errno, f'cannot write {path}: {error.strerror}; nothing of it was kept') from error
