"""make_app: the Starlette app with the page, the API, and what they are guarded by."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from mmosis.integrations.label_studio import label_studio_routes
from mmosis.integrations.x_anylabeling import x_anylabeling_routes
from mmosis.search.exports import FORMATS
from mmosis.search.service import SearchService
from mmosis.version import __version__

from .api_response import ApiResponse, error_handlers
from .bank_routes import bank_routes
from .body_limit import LARGEST, BodyLimit
from .export_routes import export_routes
from .form import UploadLimits
from .openapi import describe_api
from .request_filter import RequestFilter
from .search_routes import search_routes

PAGE = Path(__file__).parent / 'page'
MORE_REQUESTS = 8  # beside those that wait for the model: their images are read


def make_app(
    service: SearchService,
    *,
    max_upload_mb: int = 20,
    host: str = '127.0.0.1',
    allowed_hosts: Sequence[str] = (),
    token: str | None = None,
    label_tools: bool = False,
    label_studio: str | None = None,
) -> Starlette:
    """Make the app; it keeps no state of users but the banks of the service.

    Args:
        service: What searches, with the options of its model where a request gives no others.
        max_upload_mb: Largest file that may be uploaded, in MB.
        host: Address that is listened at.
        allowed_hosts: Names that this server has for its users beside the machine's own, e.g. that of a proxy.
        token: What requests must bring; None for nothing.
        label_tools: Whether it has the routes of label tools too.
        label_studio: Address of the Label Studio whose images these may fetch.
    """
    limits = UploadLimits(max_upload_mb, service.inferencer.options.max_pixels)
    routes: list[BaseRoute] = [
        Route('/', lambda _: FileResponse(PAGE / 'index.html'), methods=['GET']),
        Mount('/page', _PageFiles(directory=PAGE)),
        Route('/health', _answer(_health(service, limits)), methods=['GET']),
        Route('/openapi.json', _answer(describe_api(limits)), methods=['GET']),
        *search_routes(service, limits),
        *bank_routes(service, limits),
        *export_routes(limits),
    ]
    if label_tools:
        routes += label_studio_routes(service, max_upload_mb, label_studio)
        routes += x_anylabeling_routes(service, max_upload_mb)
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(RequestFilter, host=host, allowed_hosts=allowed_hosts, token=token),
            Middleware(BodyLimit, max_upload_mb=max_upload_mb, max_requests=service.max_waiting + MORE_REQUESTS),
        ],
        exception_handlers=error_handlers(),
    )


class _PageFiles(StaticFiles):
    """Files of the page; a browser asks whether it has the newest."""

    def file_response(self, *args, **kwargs) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers['cache-control'] = 'no-cache'
        return response


def _health(service: SearchService, limits: UploadLimits) -> dict[str, Any]:
    inferencer = service.inferencer
    return dict(
        status='UP',
        model_class='mmosis',
        version=__version__,
        model=inferencer.fingerprint[:12],
        runtime=inferencer.runtime,
        max_upload_mb=limits.max_upload_mb,
        max_request_mb=LARGEST * limits.max_upload_mb,
        max_pixels=limits.max_pixels,
        formats=list(FORMATS),
    )


def _answer(content: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return ApiResponse(content)

    return answer
