"""The route of searches: one image a request, with progress for those who ask for it."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import aclosing
from time import perf_counter
from typing import NamedTuple

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mmosis.search import ReferenceBank, SearchOptions, describe_image
from mmosis.search.service import SearchService
from mmosis.search.view_search import Searched, Step
from mmosis.search.views import describe_plans
from mmosis.utils.errors import describe_error

from .api_response import ApiResponse
from .form import Form, UploadLimits
from .form_references import OPTION_FIELDS, files_of_references, read_options, read_references

FIELDS = ('image', 'bank', 'bank_name', 'references', *OPTION_FIELDS)
LINES = 'application/x-ndjson'


class _Search(NamedTuple):
    """A search that is asked for."""

    image: np.ndarray
    bank: ReferenceBank
    options: SearchOptions
    started: float


def search_routes(service: SearchService, limits: UploadLimits) -> list[Route]:
    """Make the route.

    Args:
        service: What searches, with the options of its model where a request gives no others.
        limits: Of what is uploaded.
    """

    async def search(request: Request) -> Response:
        async with Form.read(request, limits) as form:
            asked = await run_in_threadpool(_read_search, form, service)
        results = _run(request, service.search(asked.image, asked.bank, asked.options))
        first = await anext(results)  # what is wrong with a request comes out here, in time for its status
        if LINES in request.headers.get('accept', ''):
            return _Lines(results, _as_lines(first, results, asked))
        async with aclosing(results):
            last = [first, *[reached async for reached in results]][-1]
        return await run_in_threadpool(_answer, last, asked)

    return [Route('/search', search, methods=['POST'])]


def _read_search(form: Form, service: SearchService) -> _Search:
    started = perf_counter()
    form.check_names(FIELDS, files=files_of_references(form))
    ways = [name for name in ('bank', 'bank_name', 'references') if name in form]
    if len(ways) != 1:
        got = ' and '.join(ways) or 'none'
        raise ValueError(f'say what to search for by one of bank, bank_name and references, got {got}')
    options = read_options(form, service.inferencer.options)
    if 'references' in form:
        bank = service.encode(read_references(form), searched=[form.image('image')])
    elif 'bank' in form:
        bank = form.bank(form.files('bank')[0])
    else:
        bank = service.banks.load(form.text('bank_name'))
    return _Search(form.image('image'), bank, options, started)


async def _run(request: Request, steps: Generator[Step, None, Searched]) -> AsyncGenerator[Step | Searched, None]:
    """Search in threads, a view at a time; yields each step and then the result, unless the client goes away."""
    try:
        while True:
            reached = await run_in_threadpool(_advance, steps)
            yield reached
            if isinstance(reached, Searched) or await request.is_disconnected():
                return
    finally:
        steps.close()


def _advance(steps: Generator[Step, None, Searched]) -> Step | Searched:
    try:
        return next(steps)
    except StopIteration as end:
        return end.value


class _Lines(StreamingResponse):
    """Lines of JSON; the search ends with them, whoever ends them."""

    def __init__(self, results: AsyncGenerator, lines: AsyncIterator[str]) -> None:
        super().__init__(lines, media_type=LINES)
        self.results = results

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self.results):
            await super().__call__(scope, receive, send)


async def _as_lines(first: Step | Searched, results: AsyncGenerator, asked: _Search) -> AsyncIterator[str]:
    try:
        yield await run_in_threadpool(_line, first, asked)
        async for reached in results:
            yield await run_in_threadpool(_line, reached, asked)
    except Exception as error:
        yield json.dumps(dict(error=describe_error(error))) + '\n'
        if not isinstance(error, ValueError):
            raise


def _answer(last: Step | Searched, asked: _Search) -> Response:
    """Answer with a result; a client that is gone, which stopped the search, reads nothing."""
    return ApiResponse(_describe(asked, last) if isinstance(last, Searched) else {})


def _line(reached: Step | Searched, asked: _Search) -> str:
    if isinstance(reached, Searched):
        return json.dumps(_describe(asked, reached)) + '\n'
    done, total = reached
    return json.dumps(dict(done=done, of=total)) + '\n'


def _describe(asked: _Search, searched: Searched) -> dict:
    """Describe a result in plain values."""
    found, names, options = searched.found, asked.bank.names, asked.options
    record = describe_image('', asked.image.shape[:2], found, options.score_thr, options.polygons)
    return dict(
        width=record['width'],
        height=record['height'],
        classes=names,
        seconds=round(perf_counter() - asked.started, 3),
        searched=describe_plans(plan.describe() for plan in searched.plans),
        best_score=round(float(found.scores.max(initial=0)), 4),
        objects=[dict(row, category=names[row['label']]) for row in record['found']],
    )
