"""UploadLimits: how much one browser, and all together, may upload."""

import asyncio
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time

from gradio.utils import get_upload_folder
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .request_filter import UPLOAD, read_body

KEPT = 600  # seconds that an upload is kept and counts
MAX_FILES = 100  # of a browser in this time
LARGEST = 15  # as many of the largest files may a browser upload in this time
BROWSERS = 4  # as much as so many browsers may, all may together


@dataclass(eq=False)
class Upload:
    """One request that uploads files.

    Attributes:
        browser: Who sends it.
        began: When it began, seconds.
        size: Bytes so far.
        files: How many of its files have come.
        paths: Where they are, once all are there.
    """

    browser: str
    began: float
    size: int = 0
    files: int = 0
    paths: list[Path] = field(default_factory=list)


class UploadLimits:
    """ASGI middleware: refuses uploads that are too much, and removes them after a while.

    A browser is known by a cookie that comes with the page, without one by its address. What is too large by its header
    is refused before anything of it is written; what turns out to be is ended, and nothing of it stays.

    Args:
        app: What takes the uploads.
        max_upload_mb: Largest file, in MB.
    """

    def __init__(self, app: ASGIApp, max_upload_mb: int) -> None:
        self.app = app
        self.max_mb = LARGEST * max_upload_mb
        self.uploads: list[Upload] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http' or scope['path'] not in ('/', UPLOAD):
            await self.app(scope, receive, send)
            return
        cookie = f'mmosis-{scope["server"][1]}'  # a browser sends it to all ports of a server
        browser = HTTPConnection(scope).cookies.get(cookie)
        if scope['path'] == UPLOAD:
            await self._take(browser or scope['client'][0], scope, receive, send)
        else:
            await self.app(scope, receive, send if browser else _with_cookie(send, cookie))

    async def _take(self, browser: str, scope: Scope, receive: Receive, send: Send) -> None:
        await self._remove_old()
        upload = Upload(browser, monotonic())
        headers = Headers(scope=scope)
        self.uploads.append(upload)
        try:
            self._check(upload, int(headers.get('content-length') or 0))
        except MultiPartException as error:
            self.uploads.remove(upload)
            await self._read_away(receive)
            await PlainTextResponse(error.message, 413)(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive, upload, headers), _with_paths(send, upload))

    def _check(self, upload: Upload, size: int) -> None:
        """Refuse an upload of this size if it is too much for its browser or for all."""
        for who, uploads, factor in (
            ('one browser', [each for each in self.uploads if each.browser == upload.browser], 1),
            ('all together', self.uploads, BROWSERS),
        ):
            total = sum(each.size for each in uploads if each is not upload) + size
            files = sum(max(1, each.files) for each in uploads)
            if total > factor * self.max_mb * 2**20 or files > factor * MAX_FILES:
                raise MultiPartException(
                    f'this is too much: the maximum allowed size of what {who} may upload in {KEPT // 60} minutes is '
                    f'{factor * self.max_mb} MB, in {factor * MAX_FILES} files; try fewer images, or again later'
                )

    def _counted(self, receive: Receive, upload: Upload, headers: Headers) -> Receive:
        """Count what comes. When it is too much, raise what makes Gradio's parser remove what it has written."""
        _, options = parse_options_header(headers.get('content-type'))
        end_of_file = b'\r\n--' + options.get(b'boundary', b'')
        seen = b''

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen = seen[1 - len(end_of_file) :] + message.get('body', b'')
            upload.size += len(message.get('body', b''))
            upload.files += seen.count(end_of_file)
            try:
                self._check(upload, upload.size)
            except MultiPartException:
                self.uploads.remove(upload)
                if message.get('more_body'):
                    await self._read_away(receive)
                raise
            return message

        return receive_counted

    async def _read_away(self, receive: Receive) -> None:
        """Take the rest of a request, as far as it is worth it: a browser reads the answer after it has sent all."""
        size = 0
        async for chunk in read_body(receive):
            size += len(chunk)
            if size > BROWSERS * self.max_mb * 2**20:
                return

    async def _remove_old(self) -> None:
        past = monotonic() - KEPT
        old = [upload for upload in self.uploads if upload.began < past]
        self.uploads = [upload for upload in self.uploads if upload.began >= past]
        kept = {path for upload in self.uploads for path in upload.paths}
        await asyncio.to_thread(_remove, {path for upload in old for path in upload.paths} - kept)


def _remove(paths: Iterable[Path]) -> None:
    """Remove files, and what is left of uploads that were broken off."""
    leftovers = [path for path in Path(get_upload_folder()).glob('tmp*') if _age(path) > KEPT]
    for path in [*paths, *leftovers]:
        path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Seconds since a file was written; 0 if it is no file, or none any more."""
    try:
        return time() - path.stat().st_mtime if path.is_file() else 0.0
    except FileNotFoundError:
        return 0.0


def _with_cookie(send: Send, name: str) -> Send:
    async def send_with_cookie(message: Message) -> None:
        if message['type'] == 'http.response.start':
            cookie = f'{name}={secrets.token_urlsafe(16)}; Path=/; HttpOnly; SameSite=Strict'
            MutableHeaders(scope=message).append('set-cookie', cookie)
        await send(message)

    return send_with_cookie


def _with_paths(send: Send, upload: Upload) -> Send:
    """Note the paths that Gradio answers with."""
    body = b''

    async def send_and_note(message: Message) -> None:
        nonlocal body
        body += message.get('body', b'')
        if message['type'] == 'http.response.body' and not message.get('more_body') and body.startswith(b'['):
            upload.paths = [Path(path) for path in json.loads(body)]
        await send(message)

    return send_and_note
