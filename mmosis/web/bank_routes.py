"""The routes of reference banks: encode, describe, keep."""

import base64

import cv2
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mmosis.search import ReferenceBank
from mmosis.search.named_banks import NamedBanks
from mmosis.search.service import SearchService

from .api_response import ApiResponse
from .form import Form, UploadLimits, check_size
from .form_references import files_of_references, read_references

BINARY = 'application/octet-stream'
FIELDS = ('references', 'merge')


def bank_routes(service: SearchService, limits: UploadLimits) -> list[Route]:
    """Make the routes.

    Args:
        service: What encodes, with the banks.
        limits: Of what is uploaded.
    """
    banks = service.banks

    async def read_bank(request: Request, name: str) -> ReferenceBank:
        """Read the bank that is the body of a request."""
        content, size = bytearray(), 0
        async for chunk in request.stream():  # to its end, so that the client reads the answer
            size += len(chunk)
            if size <= limits.max_bytes:
                content += chunk
        check_size(name, size, limits)
        return await run_in_threadpool(ReferenceBank.from_bytes, bytes(content), name)

    async def make(request: Request) -> Response:
        async with Form.read(request, limits) as form:
            return await run_in_threadpool(lambda: _as_file(_make(form, service)))

    async def describe(request: Request) -> Response:
        return await run_in_threadpool(_describe, await read_bank(request, 'the bank'))

    def list_banks(request: Request) -> Response:  # Starlette calls these in threads
        return ApiResponse(dict(banks=_list(banks)))

    def load(request: Request) -> Response:
        return _as_file(banks.load(request.path_params['name']))

    async def save(request: Request) -> Response:
        name = request.path_params['name']
        bank = await read_bank(request, name)
        bank.check_fingerprint(service.inferencer.fingerprint)
        await run_in_threadpool(banks.save, name, bank)
        return ApiResponse(dict(name=name, classes=bank.names))

    def remove(request: Request) -> Response:
        banks.remove(request.path_params['name'])
        return Response(status_code=204)

    return [
        Route('/bank', make, methods=['POST']),
        Route('/bank/describe', describe, methods=['POST']),
        Route('/banks', list_banks, methods=['GET']),
        Route('/banks/{name}', load, methods=['GET']),
        Route('/banks/{name}', save, methods=['PUT']),
        Route('/banks/{name}', remove, methods=['DELETE']),
    ]


def _make(form: Form, service: SearchService) -> ReferenceBank:
    """Encode the references of a form, and join them with its banks."""
    form.check_names(FIELDS, several=['merge'], files=files_of_references(form))
    merged = [form.bank(file) for file in form.files('merge')] if 'merge' in form else []
    if 'references' in form or not merged:
        merged.append(service.encode(read_references(form)))
    for bank in merged:
        bank.check_fingerprint(service.inferencer.fingerprint)
    bank, *others = merged
    for other in others:
        bank = bank.add(other)
    return bank


def _list(banks: NamedBanks) -> list[dict]:
    listed = []
    for name in banks.names():
        try:
            listed.append(dict(name=name, classes=banks.load(name).names))
        except ValueError as error:  # broken, or removed by now
            listed.append(dict(name=name, classes=[], error=str(error)))
    return listed


def _as_file(bank: ReferenceBank) -> Response:
    return Response(bank.to_bytes(), media_type=BINARY)


def _describe(bank: ReferenceBank) -> Response:
    """Describe the references of a bank, with their thumbnails."""
    references = [
        dict(name=entry.name, negative=entry.negative, origin=entry.origin, thumbnail=_as_address(thumbnail))
        for entry, thumbnail in zip(bank.entries, bank.thumbnails, strict=True)
    ]
    return ApiResponse(dict(classes=bank.names, references=references))


def _as_address(thumbnail: np.ndarray) -> str:
    _, png = cv2.imencode('.png', thumbnail[..., ::-1])
    return f'data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}'
