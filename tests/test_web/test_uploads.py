"""How much may be uploaded, by raw requests to a page whose largest file has one MB."""

import os
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tools_runner import free_port

pytest.importorskip('gradio', reason='the page needs gradio: extra web')

from mmosis.web import uploads
from mmosis.web.uploads import BROWSERS, KEPT, LARGEST, MAX_FILES

MB = 2**20
BOUNDARY = 'the-boundary'


class Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope='module')
def clock() -> Clock:
    """The time as the limits see it."""
    return Clock()


@pytest.fixture(scope='module')
def server(
    shared_inferencer: object, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """Where a page is, and the folder of its uploads."""
    from mmosis.web.page import build_page
    from mmosis.web.server import launch

    folder = tmp_path_factory.mktemp('uploads')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GRADIO_TEMP_DIR', str(folder))
        patch.setattr(uploads, 'monotonic', clock)
        page = build_page(shared_inferencer)
        yield urlsplit(launch(page, '127.0.0.1', free_port(), max_upload_mb=1)).netloc, folder
        page.close()


@pytest.fixture
def upload(server: tuple[str, Path], clock: Clock) -> Iterator[Callable[..., tuple[int, str]]]:
    """Upload files of these sizes as a browser of this cookie; returns status and text of the answer."""
    clock.now += 2 * KEPT  # what was before is past

    def send(sizes: list[int], cookie: str = '', chunked: bool = False, mark: int = 0) -> tuple[int, str]:
        connection = HTTPConnection(server[0], timeout=60)
        headers = {'Content-Type': f'multipart/form-data; boundary={BOUNDARY}'}
        if cookie:
            headers['Cookie'] = f'mmosis-{server[0].rpartition(":")[2]}={cookie}'
        body = _form(sizes, mark)
        connection.request('POST', '/gradio_api/upload', iter(body) if chunked else b''.join(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    return send


def _form(sizes: list[int], mark: int) -> list[bytes]:
    """A form with files of these sizes, part by part."""
    parts = []
    for number, size in enumerate(sizes):
        name = f'{mark}-{number}.png'
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts += [head.encode(), name.encode() + bytes(size - len(name)), b'\r\n']
    return [*parts, f'--{BOUNDARY}--\r\n'.encode()]


def _files(folder: Path) -> list[Path]:
    """What was uploaded, and what is left of broken uploads; not what the page itself has made."""
    return [path for path in folder.rglob('*') if path.is_file() and (path.suffix == '.png' or 'tmp' in path.name)]


def test_uploads_within_the_limits_are_taken(server: tuple, upload: Callable) -> None:
    status, text = upload([MB - 10] * 3, 'a')
    assert status == 200
    assert text.count('.png') == 3
    assert upload([100], 'a', chunked=True, mark=1)[0] == 200


def test_more_than_a_browser_may_is_refused_by_its_header(server: tuple, upload: Callable) -> None:
    before = set(_files(server[1]))
    status, text = upload([MB - 10] * (LARGEST + 5), 'a')
    assert status == 413
    assert text == (
        'this is too much: the maximum allowed size of what one browser may upload in 10 minutes is 15 MB, in 100 '
        'files; try fewer images, or again later'
    )
    assert set(_files(server[1])) <= before
    assert upload([100], 'a')[0] == 200  # what was refused does not count


def test_more_than_a_browser_may_is_refused_as_it_comes(server: tuple, upload: Callable) -> None:
    before = set(_files(server[1]))
    status, text = upload([MB - 10] * (LARGEST + 1), 'a', chunked=True)
    assert (status, text[:16]) == (413, 'this is too much')
    assert set(_files(server[1])) <= before
    assert upload([100], 'a')[0] == 200  # what was refused does not count


def test_more_files_than_a_browser_may_are_refused(server: tuple, upload: Callable) -> None:
    before = set(_files(server[1]))
    status, text = upload([100] * (MAX_FILES + 1), 'a')
    assert (status, text[:16]) == (413, 'this is too much')
    assert set(_files(server[1])) <= before
    assert upload([100] * MAX_FILES, 'b')[0] == 200


def test_one_after_the_other_counts_together(upload: Callable, clock: Clock) -> None:
    for number in range(LARGEST):
        assert upload([MB - 1000], 'a', mark=number)[0] == 200
    assert upload([MB - 1000], 'a')[0] == 413
    assert upload([MB - 1000], 'b')[0] == 200
    clock.now += KEPT + 1
    assert upload([MB - 1000], 'a')[0] == 200


def test_without_a_cookie_the_address_counts(upload: Callable) -> None:
    assert upload([MB - 1000] * (LARGEST - 1))[0] == 200
    assert upload([MB - 1000] * 2)[0] == 413


def test_all_together_have_a_limit(upload: Callable) -> None:
    for number in range(BROWSERS):
        assert upload([MB - 1000] * LARGEST, f'browser {number}', mark=number)[0] == 200
    status, text = upload([MB - 1000], 'one more')
    assert status == 413
    assert 'what all together may upload in 10 minutes is 60 MB' in text


def test_old_uploads_are_removed(server: tuple, upload: Callable, clock: Clock) -> None:
    folder = server[1]
    upload([1000] * 3, 'a', mark=7)
    broken_off, young = folder / 'tmpbroken', folder / 'tmpyoung'
    for path in (broken_off, young):
        path.write_bytes(b'part of a file')
    os.utime(broken_off, (time.time() - 2 * KEPT,) * 2)
    clock.now += KEPT - 1
    upload([1000], 'a', mark=8)
    names = {path.name for path in _files(folder)}
    assert {'7-0.png', '7-1.png', '7-2.png', '8-0.png', 'tmpyoung'} <= names
    assert not broken_off.exists()
    clock.now += 2
    upload([1000], 'b', mark=8)  # the same file as one that is old soon
    clock.now += KEPT - 1
    upload([1000], 'a', mark=9)
    assert {path.name for path in _files(folder)} & {'7-0.png', '8-0.png', '9-0.png'} == {'8-0.png', '9-0.png'}
    young.unlink()


def test_page_gives_a_browser_its_cookie_once(server: tuple) -> None:
    connection = HTTPConnection(server[0])
    connection.request('GET', '/')
    answer = connection.getresponse()
    answer.read()
    cookie = answer.getheader('set-cookie')
    assert cookie.startswith(f'mmosis-{server[0].rpartition(":")[2]}=')
    assert cookie.endswith('Path=/; HttpOnly; SameSite=Strict')
    connection.request('GET', '/', headers={'Cookie': cookie.partition(';')[0]})
    assert connection.getresponse().getheader('set-cookie') is None
    connection.close()
