"""The server from its start to its end."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import httpx
import pytest
from fake_inferencer import FakeInferencer
from tools_runner import ROOT
from web_server import served

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.search.service import SearchService
from mmosis.web import make_app, serve

SERVE = """
from fake_inferencer import FakeInferencer
from mmosis.web import serve, server

FakeInferencer.views = {views}
server.PATIENCE = 1
serve(FakeInferencer(), {host!r}, 0, token={token!r})
print('stopped')
"""


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen, str]]]:
    """Start a server as a process; returns it and its address."""
    started = []

    def run(host: str = '127.0.0.1', token: str | None = None, views: int = 1) -> tuple[subprocess.Popen, str]:
        words = [sys.executable, '-c', SERVE.format(host=host, token=token, views=views)]
        env = dict(os.environ, PYTHONPATH=f'{ROOT}:{ROOT}/tests')
        process = subprocess.Popen(words, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith('The page is at http://'), process.stderr.read()
        assert line.endswith(' - stop it with Ctrl+C\n')
        return process, line.split()[4]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_it(start: Callable, number: int) -> None:
    process, address = start()
    assert not address.endswith(':0/')
    assert urlopen(f'{address}health').status == 200
    with socket.create_connection(('127.0.0.1', httpx.URL(address).port)):  # one who says nothing keeps nobody
        process.send_signal(number)
        assert process.communicate(timeout=30) == ('stopped\n', '')
    assert process.returncode == 0


@pytest.mark.slow
def test_a_long_search_ends_with_the_server(start: Callable, png: bytes) -> None:
    process, address = start(views=10**9)
    send = dict(data=dict(references='[{"box": [1, 2, 40, 50]}]'), files=dict(image=png))
    with httpx.stream('POST', f'{address}search', headers={'Accept': 'application/x-ndjson'}, **send) as answer:
        lines = answer.iter_lines()
        next(lines)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.TransportError):
            list(lines)
    assert process.communicate(timeout=30)[0] == 'stopped\n'


@pytest.mark.slow
def test_listening_beyond_this_machine_without_a_token_is_said(start: Callable) -> None:
    for host, token, said in (
        ('0.0.0.0', None, 'everyone who reaches 0.0.0.0 can use this server; --token asks for one\n'),
        ('0.0.0.0', 'secret', ''),
    ):
        process, _ = start(host, token)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[1] == said


def test_a_port_in_use_is_said(fake_inferencer: FakeInferencer) -> None:
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match=f'^cannot listen at 127.0.0.1:{port}; another program may have the port, so'):
            serve(fake_inferencer, port=port)
    with pytest.raises(OSError, match=r'cannot listen at nowhere\.invalid:80'):
        serve(fake_inferencer, 'nowhere.invalid', 80)


def test_logging_stays_as_it_is(fake_inferencer: FakeInferencer, tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / 'log')
    logging.getLogger('of.the.user').addHandler(handler)
    before = logging.root.handlers[:], logging.root.level
    with served(make_app(SearchService(fake_inferencer))) as address:
        httpx.get(f'{address}health')
    assert (logging.root.handlers, logging.root.level) == before
    assert not handler.stream.closed
    logging.getLogger('of.the.user').removeHandler(handler)
    handler.close()


def test_page_comes_with_its_files(client: httpx.Client) -> None:
    assert '<title>mmosis' in client.get('/').text
    script = client.get('/page/main.js')
    assert 'javascript' in script.headers['content-type']
    assert script.headers['cache-control'] == 'no-cache'
    assert client.get('/page/main.js', headers={'If-None-Match': script.headers['etag']}).status_code == 304


def test_health_says_what_there_is(client: httpx.Client) -> None:
    health = client.get('/health').json()
    assert (health['status'], health['model_class'], health['model']) == ('UP', 'mmosis', 'fake')
    assert (health['max_upload_mb'], health['max_request_mb'], health['max_pixels']) == (1, 15, 10**6)


def test_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import mmosis.web

    for name in ('starlette', 'uvicorn', 'python_multipart'):
        with monkeypatch.context() as patch:
            for module in [each for each in sys.modules if each.startswith(('mmosis.web.', f'{name}.'))]:
                patch.delitem(sys.modules, module)
            patch.setitem(sys.modules, name, None)
            with pytest.raises(ImportError, match=f'the server needs {name}, which is not installed: .*web'):
                getattr(mmosis.web, 'serve')  # noqa: B009
