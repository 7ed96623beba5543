"""Serve the page and the API: to this machine alone by default, nothing from outside."""

import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from mmosis.search.base import SearchBase
from mmosis.search.named_banks import NamedBanks
from mmosis.search.service import SearchService

from .app import make_app
from .request_filter import is_loopback

PATIENCE = 5  # seconds in which requests may end when the server is stopped


def serve(
    inferencer: SearchBase,
    host: str = '127.0.0.1',
    port: int = 7860,
    max_upload_mb: int = 20,
    allowed_hosts: Sequence[str] = (),
    token: str | None = None,
    banks: str | Path | None = None,
    label_tools: bool = False,
    label_studio: str | None = None,
) -> None:
    """Serve the page and the API until they are interrupted or terminated; to be called in the main thread.

    Args:
        inferencer: The model that searches.
        host: Address to listen at; by default this machine alone can reach it.
        port: Port to listen at; 0 for one that is free.
        max_upload_mb: Largest file that may be uploaded, in MB.
        allowed_hosts: Names that this server has for its users beside the machine's own, e.g. that of a proxy.
        token: What requests must bring; None for nothing.
        banks: Folder of the banks that are kept; by default they are gone with the server.
        label_tools: Whether label tools can use it as their backend.
        label_studio: Address of the Label Studio whose images these may fetch.

    Raises:
        OSError: If the port cannot be listened at.
    """
    host = host.strip('[]')  # of an IPv6 address
    service = SearchService(inferencer, NamedBanks(None if banks is None else Path(banks)))
    app = make_app(
        service,
        max_upload_mb=max_upload_mb,
        host=host,
        allowed_hosts=allowed_hosts,
        token=token,
        label_tools=label_tools,
        label_studio=label_studio,
    )
    with listen(host, port) as listening, _terminated_as_interrupted():
        if token is None and not is_loopback(host):
            print(f'everyone who reaches {host} can use this server; --token asks for one', file=sys.stderr)
        make_server(app, f'The page is at {address_of(listening)} - stop it with Ctrl+C').run(sockets=[listening])


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does, which uvicorn sends once more when it has ended; both end quietly."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def listen(host: str, port: int) -> socket.socket:
    """Listen at an address.

    Raises:
        OSError: If it cannot be.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
    except OSError as error:
        raise OSError(
            f'cannot listen at {host}:{port}; another program may have the port, so give another one'
        ) from error


def address_of(listening: socket.socket) -> str:
    """Address of a server that listens, as a browser takes it."""
    host, port = listening.getsockname()[:2]
    return f'http://{f"[{host}]" if ":" in host else host}:{port}/'


class _Server(uvicorn.Server):
    """A server that says so when it has started."""

    greeting: str | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.greeting:
            print(self.greeting, flush=True)


def make_server(app: Starlette, greeting: str | None = None) -> uvicorn.Server:
    """Make the server of an app; logging stays as the process has set it up.

    Args:
        app: The app.
        greeting: What is printed once it runs.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws='none',
        lifespan='off',
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    server = _Server(config)
    server.greeting = greeting
    return server
