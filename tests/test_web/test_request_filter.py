"""Which requests come in: raw ones, as a browser of another page or a script sends them."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tools_runner import free_port

pytest.importorskip('gradio', reason='the page needs gradio: extra web')

from mmosis.web.request_filter import MAX_BODY, RequestFilter

JOIN = '/gradio_api/queue/join'
NOBODY = 'nobody.example'


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where uploads go."""
    return tmp_path_factory.mktemp('uploads')


@pytest.fixture(scope='module')
def looked_up_at_start() -> list[str]:
    """Names that were looked up until the page ran."""
    return []


@pytest.fixture(scope='module')
def address(shared_inferencer: object, folder: Path, looked_up_at_start: list[str]) -> Iterator[str]:
    """Address of a page that runs for all tests of this file."""
    from mmosis.web.page import build_page
    from mmosis.web.server import launch

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GRADIO_TEMP_DIR', str(folder))
        with pytest.MonkeyPatch.context() as at_start:
            _note_look_ups(at_start, looked_up_at_start)
            page = build_page(shared_inferencer)
            address = launch(page, '127.0.0.1', free_port(), max_upload_mb=1, allowed_hosts=['found.example'])
        yield address
        page.close()


def _note_look_ups(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """Note the names that this process, where the server runs as well, looks up; nobody is there."""
    real = socket.getaddrinfo

    def look_up(host: str | bytes | None, *args: object, **kwargs: object) -> list:
        names.append(host.decode() if isinstance(host, bytes) else str(host))
        return real('127.0.0.1' if NOBODY in names[-1] else host, *args, **kwargs)

    monkeypatch.setattr(socket, 'getaddrinfo', look_up)


@pytest.fixture
def ask(address: str) -> Callable[..., tuple[int, str]]:
    """Send a request; returns status and text of the answer."""

    def send(method: str, path: str, body: str | bytes | None = None, **headers: str) -> tuple[int, str]:
        connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
        named = {name.replace('_', '-'): value for name, value in headers.items()}
        connection.request(method, path, body, {'Host': urlsplit(address).netloc, **named})
        return _read(connection.getresponse(), connection)

    return send


def _read(answer: HTTPResponse, connection: HTTPConnection) -> tuple[int, str]:
    text = answer.read().decode(errors='replace')
    connection.close()
    return answer.status, text


# ---------------------------------------------------------------- names and origins


@pytest.mark.parametrize('name', ['localhost', '127.0.0.1', '[::1]', 'found.example', socket.gethostname().upper()])
def test_own_names_are_answered(ask: Callable, name: str) -> None:
    for host in (name, f'{name}:7860'):
        assert ask('GET', '/', Host=host)[0] == 200


@pytest.mark.parametrize(
    'name', ['evil.example', 'localhost.evil.example', '10.0.0.1', '', '[', '127.0.0.1.evil.example']
)
def test_other_names_are_refused(ask: Callable, name: str) -> None:
    for path in ('/', '/theme.css', '/gradio_api/file=/etc/hosts'):
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


@pytest.mark.parametrize('host', ['::1', '[::1]'])
def test_page_is_served_at_an_ipv6_address(fake_inferencer: object, host: str) -> None:
    from mmosis.web.page import build_page
    from mmosis.web.server import launch

    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('this machine has no IPv6')
    page = build_page(fake_inferencer)
    port = free_port()
    assert launch(page, host, port, max_upload_mb=1) == f'http://[::1]:{port}/'
    page.close()


@pytest.mark.parametrize('origin', ['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://localhost'])
@pytest.mark.parametrize('path', [JOIN, '/gradio_api/upload', '/gradio_api/cancel', '/gradio_api/reset'])
def test_foreign_pages_change_nothing(ask: Callable, origin: str, path: str, folder: Path) -> None:
    before = set(folder.iterdir())
    status, text = ask('POST', path, '{}', Origin=origin, Content_Type='text/plain')
    assert (status, text) == (403, 'the pages of other servers may not use this one')
    assert set(folder.iterdir()) == before


def test_own_pages_are_answered(ask: Callable, address: str) -> None:
    assert ask('GET', '/theme.css', Origin=address.rstrip('/'))[0] == 200
    assert 'app_id' in ask('GET', '/gradio_api/app_id')[1]  # asked when the connection was lost
    assert ask('GET', '/theme.css', Origin='https://found.example')[0] == 200  # a proxy that has the name


# ---------------------------------------------------------------- routes


@pytest.mark.parametrize(
    ('method', 'path'),
    [
        ('GET', '/config'),
        ('GET', '/gradio_api/info'),
        ('GET', f'/gradio_api/proxy=http://{NOBODY}/'),
        ('GET', f'/gradio_api/file/http://{NOBODY}/'),
        ('POST', '/gradio_api/run/predict'),
        ('POST', '/gradio_api/call/predict'),
        ('POST', '/gradio_api/component_server'),
        ('POST', '/gradio_api/stream/0'),
        ('POST', f'{JOIN}/'),
        ('POST', f'/{JOIN}'),
        ('PUT', '/gradio_api/upload'),
        ('OPTIONS', '/'),
    ],
)
def test_other_routes_are_closed(ask: Callable, method: str, path: str) -> None:
    assert ask(method, path, '{}' if method == 'POST' else None) == (404, 'there is nothing here')


def test_answers_have_the_policy(address: str) -> None:
    for path in ('/', '/gradio_api/info'):
        connection = HTTPConnection(urlsplit(address).netloc)
        connection.request('GET', path)
        answer = connection.getresponse()
        assert "default-src 'self'" in answer.getheader('content-security-policy')
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


# ---------------------------------------------------------------- nothing is fetched


@pytest.fixture
def listener() -> Iterator[tuple[int, list]]:
    """A server that nobody should call: its port, and who did."""
    called = []
    with socket.create_server(('127.0.0.1', 0)) as server:
        server.settimeout(0.2)
        stopped = threading.Event()

        def listen() -> None:
            while not stopped.is_set():
                try:
                    connection, caller = server.accept()
                except TimeoutError:
                    continue
                called.append(caller)
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], called
        stopped.set()
        thread.join()


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that are looked up."""
    names = []
    _note_look_ups(monkeypatch, names)
    return names


META = {'_type': 'gradio.FileData'}


def _events(address: str) -> list[dict]:
    """Events that name a file elsewhere, in every form in which Gradio takes files, but for the function's number."""
    files = [
        dict(path=address, meta=META),
        dict(path=address),
        dict(path=address, url=address, meta=META, is_stream=True),
        dict(path=address, orig_name='a.png', meta=META, is_stream=False),
        dict(path='', url=address, meta=META),
        dict(path=address.upper(), meta=META),
        dict(path=f'/etc/../{address}', meta=META),
        dict(path='/etc/hosts', meta=META),
        dict(path='etc/hosts', meta=META),
        dict(path='//127.0.0.1/share', meta=META),
        dict(path='\0', meta=META),
    ]
    data = [[None, 0.5, file] for file in files]
    data += [[None, 0.5, [file, file]] for file in files]
    data += [[None, 0.5, dict(picture=file, box=[1, 2, 30, 40])] for file in files]
    return [dict(data=each) for each in data] + [
        dict(data=[None, 0.5], event_data=dict(index=0, value=dict(image=file))) for file in files
    ]


def test_addresses_in_events_are_not_fetched(
    ask: Callable, listener: tuple[int, list], looked_up: list[str], folder: Path
) -> None:
    port, called = listener
    before = set(folder.rglob('*'))
    for host in ('127.0.0.1', 'localhost', NOBODY):
        for number in (0, 1):
            for event in _events(f'http://{host}:{port}/a.png'):
                body = json.dumps(dict(event, fn_index=number, session_hash='s', trigger_id=None))
                status, text = ask('POST', JOIN, body, Content_Type='application/json')
                assert status == 403, body
                assert text.startswith('files must be uploaded')
    assert called == []
    assert not [name for name in looked_up if NOBODY in name]
    assert set(folder.rglob('*')) == before


def test_addresses_in_paths_are_not_fetched(ask: Callable, listener: tuple[int, list], looked_up: list[str]) -> None:
    port, called = listener
    for host in ('127.0.0.1', 'localhost', NOBODY):
        address = f'http://{host}:{port}/a.png'
        for named in (address, address.replace('/', '%2F'), f'/{address}', address.upper()):
            for path in (f'/gradio_api/file={named}', f'/gradio_api/proxy={named}', f'/gradio_api/file/{named}'):
                assert ask('GET', path)[0] in (403, 404)
    assert called == []
    assert not [name for name in looked_up if NOBODY in name]


def test_start_looks_up_nobody(address: str, looked_up_at_start: list[str]) -> None:
    assert set(looked_up_at_start) <= {'127.0.0.1', 'localhost', 'None'}


def test_listener_and_look_ups_would_be_seen(listener: tuple[int, list], looked_up: list[str]) -> None:
    port, called = listener
    socket.create_connection((NOBODY, port)).recv(1)
    assert len(called) == 1
    assert looked_up == [NOBODY]


@pytest.mark.parametrize(
    ('body', 'status'),
    [
        ('', 400),
        ('[{"path": ["/"]}]', 400),
        ('no json', 400),
        ('[' * 100_000, 400),
        ('{"path": 5}', 400),
        ('{"path": "/\\ud800"}', 400),
        ('"' + 'x' * MAX_BODY + '"', 413),
    ],
    ids=lambda value: str(value)[:20],
)
def test_events_that_cannot_be_read_are_refused(ask: Callable, body: str, status: int) -> None:
    assert ask('POST', JOIN, body, Content_Type='application/json')[0] == status


def test_events_with_uploaded_files_come_in_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('GRADIO_TEMP_DIR', str(tmp_path))
    file = dict(path=str(tmp_path / 'a.png'), url='http://localhost:7860/gradio_api/file=a.png', meta=META)
    body = json.dumps(dict(data=[file])).encode()
    requests = RequestFilter(_echo, '127.0.0.1')
    parts = [body[:10], body[10:]]
    assert _answer(requests, [(b'host', b'localhost:7860')], 'POST', JOIN, parts) == (200, body)
    elsewhere = json.dumps(dict(data=[dict(file, url=f'http://{NOBODY}/a.png')])).encode()
    assert _answer(requests, [(b'host', b'localhost:7860')], 'POST', JOIN, [elsewhere])[0] == 403
    os.symlink('/etc', tmp_path / 'link')
    linked = json.dumps(dict(data=[dict(path=str(tmp_path / 'link' / 'hosts'))])).encode()
    assert _answer(requests, [(b'host', b'localhost:7860')], 'POST', JOIN, [linked])[0] == 403


# ---------------------------------------------------------------- the filter alone


async def _greet(scope: dict, receive: Callable, send: Callable) -> None:
    await send(dict(type='http.response.start', status=200, headers=[]))
    await send(dict(type='http.response.body', body=b'hello'))


async def _echo(scope: dict, receive: Callable, send: Callable) -> None:
    await send(dict(type='http.response.start', status=200, headers=[]))
    await send(dict(type='http.response.body', body=(await receive())['body']))


def _answer(
    app: Callable, headers: list, method: str = 'GET', path: str = '/', parts: list[bytes] | None = None
) -> tuple[int, bytes]:
    """Let an app answer a request: status and body."""
    coming = iter(parts or [b''])
    messages = []

    async def receive() -> dict:
        return dict(type='http.request', body=next(coming), more_body=coming.__length_hint__() > 0)

    async def send(message: dict) -> None:
        messages.append(message)

    asyncio.run(app(dict(type='http', method=method, path=path, headers=headers), receive, send))
    return messages[0]['status'], b''.join(message.get('body', b'') for message in messages)
