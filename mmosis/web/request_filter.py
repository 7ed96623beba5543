"""RequestFilter: admits only requests to this server's names, not from other pages, and of those who have the token."""

import base64
import binascii
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api_response import error_response

LOOPBACK = ('localhost', '127.0.0.1', '::1')
OPEN = ('/', '/health', '/openapi.json', '/favicon.ico')  # and the files of the page, which asks for the token
OPEN_BELOW = '/page/'
ASK = {'WWW-Authenticate': 'Bearer'}  # not Basic: a browser would ask by itself, over the page
# The browser asks nobody else, whatever a script of the page tries.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'self'; form-action 'self'"
)
HEADERS = {
    b'content-security-policy': POLICY.encode(),
    b'x-content-type-options': b'nosniff',
    b'referrer-policy': b'no-referrer',
}


class RequestFilter:
    """ASGI middleware: refuses requests before anything of them is read, and gives each answer the security policy.

    Args:
        app: What answers the other requests.
        host: Address that is listened at.
        allowed_hosts: Other names of this server, e.g. that of a proxy in front of it.
        token: What requests must bring, but those for the page itself; None for nothing.
    """

    def __init__(self, app: ASGIApp, host: str, allowed_hosts: Sequence[str] = (), token: str | None = None) -> None:
        self.app = app
        self.token = token
        self.allowed = {name.lower() for name in allowed_hosts}
        self.names = self.allowed | {*LOOPBACK, host.lower(), socket.gethostname().lower()}
        self.any_address = not is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] == 'websocket':  # there is none
            await send(dict(type='websocket.close'))
            return
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        send = _with_headers(send)
        headers = Headers(scope=scope)
        try:
            self._check_origin(headers)
            if not (scope['path'] in OPEN or scope['path'].startswith(OPEN_BELOW)):
                self._check_token(headers)
        except HTTPException as error:
            await error_response(error.status_code, error.detail, error.headers)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _check_origin(self, headers: Headers) -> None:
        host, origin = headers.get('host', ''), headers.get('origin')
        # An address cannot be another server's, as the name of a page can.
        if not (_name(host) in self.names or (self.any_address and _is_address(_name(host)))):
            raise HTTPException(
                421, f'this server is not {_name(host)!r}; start it with --allowed-host to give it the name'
            )
        place = None if origin is None else origin.partition('://')[2].partition('/')[0]
        if place not in (None, host) and _name(place) not in self.allowed:
            raise HTTPException(403, 'the pages of other servers may not use this one')

    def _check_token(self, headers: Headers) -> None:
        if self.token is None:
            return
        given = list(_tokens(headers))
        if not given:
            raise HTTPException(401, 'this server asks for a token: send it as Authorization: Bearer TOKEN', ASK)
        if not any(secrets.compare_digest(each.encode(), self.token.encode()) for each in given):
            raise HTTPException(401, 'the token is wrong', ASK)


def _tokens(headers: Headers) -> Iterator[str]:
    """Tokens of a request: of its own header, by a scheme, or as the password of basic authentication."""
    if 'token' in headers:
        yield headers['token']
    scheme, _, value = headers.get('authorization', '').partition(' ')
    if scheme.lower() in ('bearer', 'token'):
        yield value.strip()
    elif scheme.lower() == 'basic':
        try:
            yield base64.b64decode(value, validate=True).decode().partition(':')[2]
        except (binascii.Error, UnicodeDecodeError):
            yield ''


def _with_headers(send: Send) -> Callable[[Message], Any]:
    async def send_with_headers(message: Message) -> None:
        if message['type'] == 'http.response.start':
            message['headers'] = [*message['headers'], *HEADERS.items()]
        await send(message)

    return send_with_headers


def is_loopback(host: str) -> bool:
    """Whether this machine alone reaches an address that is listened at."""
    return host == 'localhost' or (_is_address(host) and ip_address(host).is_loopback)


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
