"""A lock on an open file: one process at a time writes; however it ends, the system releases the lock."""

import errno
import fcntl
import warnings
from typing import IO

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EBADF)


def lock_file(file: IO, refusal: str) -> None:
    """Lock a file until it is closed. A file system without locks gives a warning.

    Args:
        file: It is open for writing.
        refusal: What to say where another process, or another open file of this one, has the lock.

    Raises:
        ValueError: If another has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ValueError(refusal) from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        warnings.warn(
            f'{file.name} cannot be locked on this file system ({error.strerror}); see that nobody else writes there',
            stacklevel=2,
        )
