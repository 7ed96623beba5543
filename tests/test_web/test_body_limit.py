"""BodyLimit: bodies are bounded by their header and as they come, one by one and all together."""

import asyncio
from collections.abc import Callable

import pytest
from starlette.exceptions import HTTPException

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.web.body_limit import AT_A_TIME, LARGEST, BodyLimit

MB = 2**20
MOST = LARGEST * MB


async def _read(scope: dict, receive: Callable, send: Callable) -> None:
    """An app that reads the body and answers with its length; Starlette's turns exceptions into answers."""
    size, more = 0, True
    try:
        while more:
            message = await receive()
            size, more = size + len(message.get('body', b'')), message.get('more_body', False)
            await asyncio.sleep(0)
    except HTTPException as error:
        size = error.status_code
    await send(dict(type='http.response.start', status=200, headers=[]))
    await send(dict(type='http.response.body', body=str(size).encode()))


async def _send(app: Callable, num_mb: int, length: str | None = None, method: str = 'POST') -> tuple[int, bytes, int]:
    """Send MB for MB; returns status and body of the answer, and how many MB were read."""
    left, sent = num_mb, []

    async def receive() -> dict:
        nonlocal left
        left -= 1
        return dict(type='http.request', body=bytes(MB), more_body=left > 0)

    async def send(message: dict) -> None:
        sent.append(message)

    headers = [] if length is None else [(b'content-length', length.encode())]
    await app(dict(type='http', method=method, path='/', headers=headers), receive, send)
    return sent[0]['status'], sent[1]['body'], num_mb - left


def test_what_fits_is_passed_on() -> None:
    app = BodyLimit(_read, 1, 9)
    assert asyncio.run(_send(app, LARGEST, str(MOST))) == (200, str(MOST).encode(), LARGEST)
    assert app.sizes == {}


def test_a_header_that_says_too_much_is_refused_before_the_app() -> None:
    status, body, read = asyncio.run(_send(BodyLimit(_read, 1, 9), LARGEST + 1, str(MOST + 1)))
    assert (status, b'a request may send 15 MB; send fewer images at a time' in body) == (413, True)
    assert read == LARGEST  # so that a browser reads the answer


@pytest.mark.parametrize('length', [None, '1', 'x', '-5'])
def test_what_turns_out_to_be_too_much_is_ended(length: str | None) -> None:
    app = BodyLimit(_read, 1, 9)
    assert asyncio.run(_send(app, 10 * LARGEST, length)) == (200, b'413', LARGEST + 1)
    assert app.sizes == {}


def test_requests_without_a_body_are_not_counted() -> None:
    assert asyncio.run(_send(BodyLimit(_read, 1, 0), 1, method='GET'))[0] == 200


def test_all_together() -> None:
    async def send_all(app: BodyLimit, number: int) -> list:
        return await asyncio.gather(*(_send(app, 2, str(MOST)) for _ in range(number)))

    assert [status for status, *_ in asyncio.run(send_all(BodyLimit(_read, 1, 9), AT_A_TIME + 1))] == [200] * 4 + [503]
    few = asyncio.run(send_all(BodyLimit(_read, 1, 2), 3))
    assert [status for status, *_ in few] == [200, 200, 503]
    assert b'too much is sent at a time; try again later' in few[2][1]
