"""Which requests come in: raw ones, as a browser of another page or a script sends them."""

import asyncio
import base64
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from fake_inferencer import FakeInferencer
from web_server import served

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.search.service import SearchService
from mmosis.web import make_app
from mmosis.web.request_filter import RequestFilter, is_loopback

TOKEN = 'open sesame'


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    """Address of a server that runs for all tests of this file."""
    with served(make_app(SearchService(FakeInferencer()), allowed_hosts=['found.example'])) as address:
        yield address


@pytest.fixture
def ask(address: str) -> Callable[..., tuple[int, str]]:
    """Send a request; returns status and text of the answer."""

    def send(method: str, path: str, body: str | bytes | None = None, **headers: str) -> tuple[int, str]:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
        named = {name.replace('_', '-'): value for name, value in headers.items()}
        connection.request(method, path, body, {'Host': urlsplit(address).netloc, **named})
        answer = connection.getresponse()
        text = answer.read().decode(errors='replace')
        connection.close()
        return answer.status, text

    return send


# ---------------------------------------------------------------- names and origins


@pytest.mark.parametrize('name', ['localhost', '127.0.0.1', '[::1]', 'found.example', socket.gethostname().upper()])
def test_own_names_are_answered(ask: Callable, name: str) -> None:
    for host in (name, f'{name}:7860'):
        assert ask('GET', '/', Host=host)[0] == 200


@pytest.mark.parametrize(
    'name', ['evil.example', 'localhost.evil.example', '10.0.0.1', '', '[', '127.0.0.1.evil.example']
)
def test_other_names_are_refused(ask: Callable, name: str) -> None:
    for path in ('/', '/health', '/banks', '/page/index.html'):
        status, text = ask('GET', path, Host=name)
        assert status == 421
        assert 'this server is not' in text


@pytest.mark.parametrize(
    ('host', 'name', 'is_ours'),
    [
        ('0.0.0.0', '192.168.1.5:7860', True),  # an address is nobody's name
        ('0.0.0.0', '[fe80::1]:7860', True),
        ('0.0.0.0', 'evil.example', False),
        ('192.168.1.5', 'localhost', True),
        ('localhost', '192.168.1.5', False),
        ('::', '192.168.1.5', True),
        ('::1', '[::1]:7860', True),
        ('127.0.0.2', '127.0.0.2', True),
        ('shelf.example', 'SHELF.example:7860', True),
    ],
)
def test_names_are_those_of_the_bound_address(host: str, name: str, is_ours: bool) -> None:
    assert _answer(RequestFilter(_greet, host), [(b'host', name.encode())])[0] == (200 if is_ours else 421)


def test_server_listens_at_an_ipv6_address(fake_inferencer: object) -> None:
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('this machine has no IPv6')
    with served(make_app(SearchService(fake_inferencer), host='::1'), '::1') as address:
        assert address.startswith('http://[::1]:')
        with socket.create_connection(('::1', urlsplit(address).port)):
            pass


@pytest.mark.parametrize(
    'origin', ['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost', 'http://[', '', 'x']
)
@pytest.mark.parametrize('path', ['/search', '/bank', '/bank/describe', '/banks/mugs', '/export'])
def test_foreign_pages_change_nothing(ask: Callable, origin: str, path: str) -> None:
    status, text = ask('POST', path, '{}', Origin=origin, Content_Type='text/plain')
    assert (status, text) == (403, '{"error": "the pages of other servers may not use this one"}')


def test_own_pages_are_answered(ask: Callable, address: str) -> None:
    assert ask('GET', '/banks', Origin=address.rstrip('/'))[0] == 200
    assert ask('GET', '/banks', Origin='https://found.example')[0] == 200  # a proxy that has the name


@pytest.mark.parametrize(
    'path', ['/config', '/page/../app.py', '/page/%2e%2e/app.py', '/page//etc/hosts', '//', '/etc']
)
def test_there_is_nothing_else(ask: Callable, path: str) -> None:
    assert ask('GET', path)[0] == 404


def test_answers_have_the_policy(address: str) -> None:
    for path in ('/', '/nothing'):
        connection = HTTPConnection(urlsplit(address).netloc)
        connection.request('GET', path)
        answer = connection.getresponse()
        policy = answer.getheader('content-security-policy')
        assert "default-src 'self'" in policy
        assert 'http' not in policy
        assert answer.getheader('x-content-type-options') == 'nosniff'
        connection.close()


def test_websockets_and_the_start_of_the_server() -> None:
    sent = []
    passed = []

    async def send(message: dict) -> None:
        sent.append(message)

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        passed.append(scope['type'])

    for type_ in ('websocket', 'lifespan'):
        asyncio.run(RequestFilter(app, '127.0.0.1')(dict(type=type_), None, send))
    assert sent == [dict(type='websocket.close')]
    assert passed == ['lifespan']


@pytest.mark.parametrize(
    ('host', 'here'),
    [('127.0.0.1', True), ('::1', True), ('localhost', True), ('0.0.0.0', False), ('a.example', False)],
)
def test_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


# ---------------------------------------------------------------- tokens


def _basic(text: bytes) -> str:
    return f'Basic {base64.b64encode(text).decode()}'


@pytest.mark.parametrize(
    'header',
    [
        ('authorization', f'Bearer {TOKEN}'),
        ('authorization', f'token {TOKEN}'),
        ('token', TOKEN),
        ('authorization', _basic(f'anyone:{TOKEN}'.encode())),
        ('authorization', _basic(f':{TOKEN}'.encode())),
    ],
)
def test_token_opens(header: tuple[str, str]) -> None:
    assert _ask_with_token('/banks', header) == (200, b'hello')


@pytest.mark.parametrize(
    ('header', 'sentence'),
    [
        (None, b'asks for a token'),
        (('authorization', 'Bearer nonsense'), b'wrong'),
        (('authorization', 'Bearer'), b'wrong'),
        (('authorization', f'Digest {TOKEN}'), b'asks for a token'),
        (('authorization', 'Basic ?'), b'wrong'),
        (('authorization', _basic(b'\xff')), b'wrong'),
        (('authorization', _basic(TOKEN.encode())), b'wrong'),
        (('token', ''), b'wrong'),
        (('token', 'é'), b'wrong'),
    ],
)
def test_nothing_else_opens(header: tuple[str, str] | None, sentence: bytes) -> None:
    for path in ('/banks', '/search', '/page', '/pages/x', '/setup'):
        status, text = _ask_with_token(path, header)
        assert status == 401
        assert sentence in text


def test_page_itself_needs_no_token() -> None:
    for path in ('/', '/page/index.html', '/health', '/openapi.json'):
        assert _ask_with_token(path, None)[0] == 200


def _ask_with_token(path: str, header: tuple[str, str] | None) -> tuple[int, bytes]:
    headers = [(b'host', b'localhost')]
    if header is not None:
        headers.append((header[0].encode(), header[1].encode('latin-1')))
    return _answer(RequestFilter(_greet, '127.0.0.1', token=TOKEN), headers, path)


async def _greet(scope: dict, receive: Callable, send: Callable) -> None:
    await send(dict(type='http.response.start', status=200, headers=[]))
    await send(dict(type='http.response.body', body=b'hello'))


def _answer(app: Callable, headers: list, path: str = '/') -> tuple[int, bytes]:
    """Send one request to an app; returns status and body of the answer."""
    sent = []

    async def receive() -> dict:
        return dict(type='http.request')

    async def send(message: dict) -> None:
        sent.append(message)

    asyncio.run(app(dict(type='http', method='GET', path=path, headers=headers), receive, send))
    return sent[0]['status'], sent[1]['body']
