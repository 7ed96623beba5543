"""ApiResponse: an answer in JSON; and the answers to what went wrong."""

import json
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mmosis.search.named_banks import NoSuchBank
from mmosis.search.service import Busy
from mmosis.utils.errors import TOO_LITTLE, DamagedError, is_memory_error

RETRY = 2  # seconds after which a request that was refused may come again


class ApiResponse(Response):
    """JSON of ASCII alone, so that any text of a file can be in it."""

    media_type = 'application/json'

    def render(self, content: Any) -> bytes:
        """Write it."""
        return json.dumps(content).encode()


def error_response(status: int, sentence: str, headers: dict[str, str] | None = None) -> ApiResponse:
    """Say in a sentence what went wrong."""
    return ApiResponse(dict(error=sentence), status, headers)


def error_handlers() -> dict[Any, Callable[[Request, Any], Response]]:
    """Handlers of exceptions by their class, for a Starlette app."""
    return {
        HTTPException: lambda _, error: error_response(error.status_code, _say(error), error.headers),
        Busy: lambda _, error: error_response(503, str(error), {'Retry-After': str(RETRY)}),
        NoSuchBank: lambda _, error: error_response(404, str(error)),
        DamagedError: _fail,
        ValueError: lambda _, error: error_response(400, str(error)),
        ClientDisconnect: lambda *_: Response(status_code=400),  # nobody reads it
        Exception: _fail,
    }


def _say(error: HTTPException) -> str:
    """Starlette says no more than Not Found and Method Not Allowed."""
    if error.detail == 'Not Found':
        return 'there is nothing here; GET /openapi.json lists what there is'
    if error.detail == 'Method Not Allowed':
        return 'this address takes other methods; GET /openapi.json lists them'
    return error.detail


def _fail(_: Request, error: Exception) -> Response:
    """The server's own fault; what it is stands in its log."""
    closed = {'Connection': 'close'}  # uvicorn does so after an exception
    if is_memory_error(error):
        return error_response(413, TOO_LITTLE, closed)
    return error_response(500, f'the server failed ({type(error).__name__}); its log says more', closed)
