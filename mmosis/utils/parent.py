"""End a process with its parent."""

import os
import sys
import threading
import time

_POLL = 1.0  # seconds


def end_with_parent(started_by: int | None = None) -> None:
    """End this process soon after its parent has ended, however that did: one that is killed takes no child with it.

    Args:
        started_by: Process that has to live as well, e.g. the parent as it was when this process was started.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent and (started_by is None or _is_alive(started_by)):
            time.sleep(_POLL)
        print(f'process {os.getpid()} ends, since the one that started it is gone', file=sys.stderr, flush=True)
        os._exit(1)  # the main thread may wait for the others for half an hour

    threading.Thread(target=watch, name='end_with_parent', daemon=True).start()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True
