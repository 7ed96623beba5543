"""RequestFilter: admits only requests to this server's names, from its own pages, for what the page needs."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gradio.utils import get_upload_folder
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ('localhost', '127.0.0.1', '::1')
JOIN, UPLOAD, FILE = '/gradio_api/queue/join', '/gradio_api/upload', '/gradio_api/file='
GET = (
    *('/', '/theme.css', '/favicon.ico'),
    *('/gradio_api/queue/data', '/gradio_api/upload_progress', '/gradio_api/app_id'),
)
GET_BELOW = ('/assets/', '/static/', '/gradio_api/heartbeat/', FILE)
START = '/gradio_api/startup-events'  # Gradio asks it of itself
POST = (JOIN, UPLOAD, '/gradio_api/cancel', '/gradio_api/reset')
MAX_BODY = 2**20  # bytes of what an event sends; images are uploaded
# The browser asks nobody else, whatever a script of the page tries.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'; form-action 'self'; "
    "object-src 'none'"
)


class Refused(Exception):
    """A request that is not answered; the message is for people."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RequestFilter:
    """ASGI middleware: refuses requests before Gradio sees them, and gives each answer the content security policy.

    Gradio has more routes than the page needs, some of which fetch addresses for whoever asks. Here all are closed but
    the page's, and a file that an event names must be an uploaded one: an address among them is never looked up.

    Args:
        app: What answers the other requests.
        host: Address that is listened at.
        allowed_hosts: Other names of this server, e.g. that of a proxy in front of it.
    """

    def __init__(self, app: ASGIApp, host: str, allowed_hosts: Sequence[str] = ()) -> None:
        self.app = app
        self.allowed = {name.lower() for name in allowed_hosts}
        self.names = self.allowed | {*LOOPBACK, host.lower(), socket.gethostname().lower()}
        self.any_address = host != 'localhost' and not (_is_address(host) and ip_address(host).is_loopback)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'websocket':  # the page has none
            await send(dict(type='websocket.close'))
            return
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        send = _with_policy(send)
        try:
            self._check(scope)
            if scope['path'] == JOIN:
                receive = await _check_event(receive, Headers(scope=scope)['host'])
        except Refused as refused:
            await PlainTextResponse(str(refused), refused.status)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host, origin = headers.get('host', ''), headers.get('origin')
        # An address cannot be another server's, as the name of a page can.
        if not (_name(host) in self.names or (self.any_address and _is_address(_name(host)))):
            raise Refused(421, f'this server is not {_name(host)!r}; start it with --allowed-host to give it the name')
        if (
            origin is not None
            and urlsplit(origin).netloc != host
            and _name(urlsplit(origin).netloc) not in self.allowed
        ):
            raise Refused(403, 'the pages of other servers may not use this one')
        path, method = scope['path'], scope['method']
        read = path in (*GET, START) or path.startswith(GET_BELOW)
        if not (read if method in ('GET', 'HEAD') else method == 'POST' and path in POST):
            raise Refused(404, 'there is nothing here')
        if path.startswith(FILE):
            _check_file(path.removeprefix(FILE))


async def _check_event(receive: Receive, host: str) -> Receive:
    """Read an event and refuse it if it names a file that was not uploaded here; returns how to read it again."""
    body = b''
    async for chunk in read_body(receive):
        body += chunk
        if len(body) > MAX_BODY:
            raise Refused(413, f'an event may have {MAX_BODY} bytes')
    try:
        for file in _files_in(json.loads(body)):
            _check_file(file.get('path') or '')
            if urlsplit(file.get('url') or '').netloc not in ('', host):
                raise Refused(403, 'files must be uploaded; addresses are not fetched')
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(400, 'the event cannot be read') from error
    messages = iter([dict(type='http.request', body=body)])

    async def replay() -> Message:
        return next(messages, None) or await receive()

    return replay


async def read_body(receive: Receive) -> Any:
    """Yield the body of a request, part by part, to its end or that of the connection."""
    more = True
    while more:
        message = await receive()
        yield message.get('body', b'')
        more = message.get('more_body', False)


def _files_in(value: Any) -> Iterator[dict]:
    """Find the values that name a file, at any depth."""
    if isinstance(value, dict):
        if 'path' in value or 'url' in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _files_in(each)


def _check_file(path: str) -> None:
    folder = Path(get_upload_folder()).resolve()
    if '\0' in path or not Path(path).is_absolute() or not Path(path).resolve().is_relative_to(folder):
        raise Refused(403, 'files must be uploaded; no other file and no address is read')


def _with_policy(send: Send) -> Callable[[Message], Any]:
    async def send_with_policy(message: Message) -> None:
        if message['type'] == 'http.response.start':
            message['headers'] = [*message['headers'], (b'content-security-policy', POLICY.encode())]
        await send(message)

    return send_with_policy


def _name(host: str) -> str:
    """Name or address of ``name:port``; empty if it is neither."""
    try:
        return urlsplit(f'//{host}').hostname or ''
    except ValueError:
        return ''


def _is_address(name: str) -> bool:
    try:
        return bool(ip_address(name))
    except ValueError:
        return False
