"""json_route: a route that takes JSON and answers JSON, as label tools ask for it."""

import json
import logging
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

logger = logging.getLogger(__name__)


def json_route(path: str, answer: Callable[[dict], dict], max_bytes: int, status: int = 200) -> Route:
    """Make a route for POST.

    Args:
        path: Its path.
        answer: Gives the content of the answer to that of a request; called in a thread. A ``ValueError`` says what is
            wrong with the request.
        max_bytes: Of the body of a request.
        status: Of the answer.
    """

    async def endpoint(request: Request) -> Response:
        content = _parse(await _read(request, max_bytes))
        try:
            answered = await run_in_threadpool(answer, content)
        except ValueError as error:  # label tools show their users the status alone
            logger.warning('%s is refused: %s', path, error)
            raise
        return Response(json.dumps(answered), status, media_type='application/json')

    return Route(path, endpoint, methods=['POST'])


async def _read(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise HTTPException(413, f'this address takes {max_bytes} bytes at most; send smaller images, or fewer')
    return bytes(body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
        if b'\\u' in body:  # escapes may be halves of letters, which no file and no answer can have
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError(f'the body of the request must be JSON: {error}') from error
    if not isinstance(content, dict):
        raise ValueError(f'the body of the request must be an object, got {type(content).__name__}')
    return content
