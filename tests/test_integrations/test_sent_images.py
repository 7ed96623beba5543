"""Images that label tools send: what is fetched, and that nothing else is."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mmosis.integrations.sent_images import LabelStudioHost, read_data_address


class Studio(BaseHTTPRequestHandler):
    """A web server that notes what it is asked for."""

    asked: list[tuple[str, str | None]]
    token = 'fresh'

    def do_GET(self) -> None:
        authorization = self.headers['Authorization']
        self.asked.append((self.path, authorization))
        if self.path.startswith('/data/elsewhere'):
            self._answer(302, b'', Location='http://169.254.169.254/latest/meta-data')
        elif self.path.startswith('/data/login'):
            self._answer(302, b'', Location='/user/login')
        elif self.path.startswith('/data/large'):
            self._answer(200, b'x' * 2000)
        elif self.path.startswith('/data/slow'):
            self._drip()
        elif self.path.startswith('/data/missing') or authorization not in (None, 'Token key', f'Bearer {self.token}'):
            self._answer(404 if 'missing' in self.path else 401, b'')
        else:
            self._answer(200, b'image of ' + self.path.encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.asked.append((self.path, body['refresh']))
        answers = {'a.b.c': dict(access=self.token), 'a.b.bad': dict(detail='no')}
        self._answer(200 if body['refresh'] in answers else 401, json.dumps(answers.get(body['refresh'])).encode())

    def _answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in (headers | {'Content-Length': str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):  # the client has gone
            for _ in range(20):
                self.wfile.write(b'x')
                time.sleep(0.05)

    def log_message(self, *args) -> None:
        """Say nothing."""


@pytest.fixture
def studio() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(('127.0.0.1', 0), type('Handler', (Studio,), dict(asked=[])))
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def asked(server: ThreadingHTTPServer) -> list:
    return server.RequestHandlerClass.asked


def url(server: ThreadingHTTPServer) -> str:
    return f'http://127.0.0.1:{server.server_port}'


@pytest.mark.parametrize(
    ('address', 'path'),
    [
        ('/data/upload/1/mug.jpg', '/data/upload/1/mug.jpg'),
        ('/data/local-files/?d=mugs/a%20b.jpg', '/data/local-files/?d=mugs/a%20b.jpg'),
        ('/data/upload/1/a b.jpg', '/data/upload/1/a%20b.jpg'),
        ('HOST/data/upload/1/m%C3%BCg.jpg', '/data/upload/1/m%C3%BCg.jpg'),
    ],
)
def test_images_of_the_known_host_are_fetched_with_its_key(
    studio: ThreadingHTTPServer, address: str, path: str
) -> None:
    host = LabelStudioHost(url(studio), 'key')
    assert host.read(address.replace('HOST', url(studio))) == b'image of ' + path.encode()
    assert asked(studio) == [(path, 'Token key')]


def test_host_may_have_a_path(studio: ThreadingHTTPServer) -> None:
    host = LabelStudioHost(url(studio) + '/studio/')
    for address in ('/data/a.jpg', '/studio/data/a.jpg', url(studio) + '/studio/data/a.jpg'):
        assert host.read(address) == b'image of /studio/data/a.jpg'


@pytest.mark.parametrize(
    'address',
    [
        'http://169.254.169.254/latest/meta-data', 'https://169.254.169.254/data/x', '//169.254.169.254/data/x',
        'file:///etc/passwd', 'ftp://127.0.0.1/data/x', 's3://bucket/data/x', 'http://localhost/data/x.jpg',
        'http://127.0.0.1:1/data/x', 'http://HOST@evil.example/data/x', 'http://evil.example@HOST/data/x',
        'http://HOST.evil.example/data/x', 'http://HOST\\@evil.example/data/x', 'https://HOST/data/x',
        '/etc/passwd', 'data/upload/x.jpg', '/data/../api/users', '/data/%2e%2e/api/users', '/data/..%5capi', '/api/x',
        'http://HOST/api/users', '', '/data', '/data/upload/../../api/token', 'gopher://HOST/data/x',
    ],
)  # fmt: skip
def test_nothing_else_is_fetched(studio: ThreadingHTTPServer, address: str) -> None:
    host = LabelStudioHost(url(studio), 'key')
    with pytest.raises(ValueError, match='is not fetched'):
        host.read(address.replace('HOST', f'127.0.0.1:{studio.server_port}'))
    assert asked(studio) == []


@pytest.mark.parametrize('path', ['/data/elsewhere', '/data/login'])
def test_redirects_are_not_followed(studio: ThreadingHTTPServer, path: str) -> None:
    with pytest.raises(ValueError, match='leads elsewhere, where nothing is fetched'):
        LabelStudioHost(url(studio)).read(path)
    assert [path for path, _ in asked(studio)] == [path]


def test_line_breaks_make_no_second_request(studio: ThreadingHTTPServer) -> None:
    LabelStudioHost(url(studio)).read('/data/x\r\nX-Header: 1\r\n')
    assert asked(studio) == [('/data/xX-Header:%201', None)]


def test_size_and_time_are_bounded(studio: ThreadingHTTPServer) -> None:
    with pytest.raises(ValueError, match='has more than 1000 bytes'):
        LabelStudioHost(url(studio), max_bytes=1000).read('/data/large')
    with pytest.raises(ValueError, match=r'did not come in 0\.1 seconds'):
        LabelStudioHost(url(studio), seconds=0.1).read('/data/slow')


def test_refusals_name_the_key(studio: ThreadingHTTPServer) -> None:
    with pytest.raises(ValueError, match='refused with status 401; is LABEL_STUDIO_API_KEY that of a user there'):
        LabelStudioHost(url(studio), 'other').read('/data/x')
    with pytest.raises(ValueError, match='refused with status 404'):
        LabelStudioHost(url(studio), 'key').read('/data/missing')


def test_host_that_is_not_there_is_reported() -> None:
    with pytest.raises(ValueError, match=r'cannot be fetched: .*refused'):
        LabelStudioHost('http://127.0.0.1:1').read('/data/x')


def test_personal_access_token_gets_a_short_one(studio: ThreadingHTTPServer) -> None:
    host = LabelStudioHost(url(studio), 'a.b.c')
    host.read('/data/1')
    host.read('/data/2')
    refresh = ('/api/token/refresh', 'a.b.c')
    assert asked(studio) == [refresh, ('/data/1', 'Bearer fresh'), ('/data/2', 'Bearer fresh')]
    studio.RequestHandlerClass.token = 'newer'
    host.read('/data/3')
    assert asked(studio)[3:] == [('/data/3', 'Bearer fresh'), refresh, ('/data/3', 'Bearer newer')]


@pytest.mark.parametrize(
    ('key', 'message'), [('a.b.bad', 'gave no access token'), ('a.b.x', 'refused with status 401')]
)
def test_token_that_gets_none_is_reported(studio: ThreadingHTTPServer, key: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LabelStudioHost(url(studio), key).read('/data/1')


@pytest.mark.parametrize('address', ['localhost:8080', 'ftp://a', 'http://', 'http://u:p@host', 'http://host/?a=b'])
def test_only_a_web_address_is_a_host(address: str) -> None:
    with pytest.raises(ValueError, match='the address of Label Studio is like http://localhost:8080'):
        LabelStudioHost(address)


def test_without_a_host_images_come_in_requests_alone() -> None:
    host = LabelStudioHost(None)
    assert host.read('data:image/png;base64,' + base64.b64encode(b'abc').decode()) == b'abc'
    with pytest.raises(ValueError, match='if mmosis serve has --label-studio URL'):
        host.read('/data/upload/x.jpg')


@pytest.mark.parametrize(
    ('address', 'message'),
    [
        ('data:image/png,abc', 'is data:image'),
        ('data:image/png;base64', 'is data:image'),
        ('data:image/png;base64,a*b', 'is not base64'),
        ('data:image/png;base64,ü', 'is not base64'),
        ('data:image/png;base64,' + 'a' * 2000, 'has more than 1000 bytes'),
    ],
)
def test_broken_data_addresses_are_refused(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_data_address(address, 1000)
