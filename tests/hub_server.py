"""A stand-in for the Hugging Face hub, on this machine: one repository, and a log of what was asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

REPO, COMMIT = 'me/mugs', 'a' * 40


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    log: list[str]

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, with_body: bool) -> None:
        self.log.append(f'{self.command} {self.path}')
        path = self.path.partition('?')[0]
        if REPO not in path:
            return self._send(401, b'', {'X-Error-Code': 'RepoNotFound'})
        parts = path.split('/')
        if path.startswith(f'/api/models/{REPO}'):
            return self._describe(parts[6] if len(parts) > 6 else 'main', parts[5:6] == ['tree'])
        _, _, _, _, revision, name = parts
        file = self.folder / name
        if revision not in ('main', COMMIT) or not file.is_file():
            return self._send(404, b'', {'X-Error-Code': 'EntryNotFound'})
        content = file.read_bytes()
        etag = f'"{sha1(content).hexdigest()}"'
        return self._send(200, content if with_body else b'', {'ETag': etag, 'X-Repo-Commit': COMMIT}, len(content))

    def _describe(self, revision: str, is_tree: bool) -> None:
        if revision not in ('main', COMMIT):
            return self._send(404, b'', {'X-Error-Code': 'RevisionNotFound'})
        files = sorted(path.name for path in self.folder.iterdir())
        tree = [
            dict(type='file', path=name, size=(self.folder / name).stat().st_size, oid=sha1(name.encode()).hexdigest())
            for name in files
        ]
        info = dict(id=REPO, sha=COMMIT, siblings=[dict(rfilename=name) for name in files], private=False, tags=[])
        return self._send(200, json.dumps(tree if is_tree else info).encode(), {'Content-Type': 'application/json'})

    def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve_hub(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the files of a folder as the repository.

    Yields:
        tuple: Its address, and the log.
    """
    log: list[str] = []
    server = ThreadingHTTPServer(('127.0.0.1', 0), type('Handler', (_Handler,), dict(folder=folder, log=log)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://127.0.0.1:{server.server_port}', log
    finally:
        server.shutdown()
        server.server_close()
