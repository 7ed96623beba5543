"""Run an app of the package in this process, at a port of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any


@contextmanager
def served(app: Any, host: str = '127.0.0.1') -> Iterator[str]:
    """Serve an app; yields its address, which ends with a slash."""
    from mmosis.web.server import address_of, listen, make_server

    with listen(host, 0) as listening:
        server = make_server(app)
        thread = Thread(target=server.run, kwargs=dict(sockets=[listening]))
        thread.start()
        try:
            yield address_of(listening)
        finally:
            server.should_exit = True
            thread.join()
