"""BodyLimit: how much one request, and all at a time, may send."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .api_response import RETRY, error_response

LARGEST = 15  # as many of the largest files may a request send
AT_A_TIME = 4  # as much as so many requests may, all may send that are at work


class BodyLimit:
    """ASGI middleware: refuses bodies that are too large, by their header or as soon as they turn out to be.

    Args:
        app: What takes the requests.
        max_upload_mb: Largest file, in MB.
        max_requests: So many requests with a body may be at work.
    """

    def __init__(self, app: ASGIApp, max_upload_mb: int, max_requests: int) -> None:
        self.app = app
        self.max_bytes = LARGEST * max_upload_mb * 2**20
        self.max_requests = max_requests
        self.sizes: dict[int, int] = {}  # bytes of each request that is at work, so far

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or scope['method'] in ('GET', 'HEAD', 'OPTIONS'):
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get('content-length') or '0'
        key = id(scope)
        self.sizes[key] = 0
        try:
            self._check(key, int(length) if length.isdecimal() else 0)
            await self.app(scope, self._counted(receive, key), send)
        except HTTPException as error:
            await _read_away(receive, self.max_bytes)
            await error_response(error.status_code, error.detail, error.headers)(scope, receive, send)
        finally:
            del self.sizes[key]

    def _check(self, key: int, size: int) -> None:
        """Refuse a request of this size if it is too large, or there is no room beside others."""
        self.sizes[key] = size
        if size > self.max_bytes:
            raise HTTPException(413, f'a request may send {self.max_bytes // 2**20} MB; send fewer images at a time')
        if len(self.sizes) > self.max_requests or sum(self.sizes.values()) > AT_A_TIME * self.max_bytes:
            raise HTTPException(503, 'too much is sent at a time; try again later', {'Retry-After': str(RETRY)})

    def _counted(self, receive: Receive, key: int) -> Receive:
        size = 0

        async def receive_counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get('body', b''))
            self._check(key, max(size, self.sizes[key]))
            return message

        return receive_counted


async def _read_away(receive: Receive, most: int) -> None:
    """Take the rest of a request, as far as it is worth it: a browser reads the answer after it has sent all."""
    size, more = 0, True
    while more and size < most:
        message = await receive()
        size += len(message.get('body', b''))
        more = message.get('more_body', False)
