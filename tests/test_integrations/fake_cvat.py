"""FakeCvat: an HTTP server that answers what cvat_sdk asks of a CVAT server to annotate a task of images."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread

import cv2
import numpy as np

NOW = '2026-01-02T03:04:05.678000Z'
LABEL = dict(attributes=[], sublabels=[], has_parent=False, color='#fa3253', parent_id=None, project_id=None, task_id=1)


class FakeCvat:
    """A server with one task.

    Args:
        images: Of the task, each (H, W, 3) BGR.
        labels: Names of the task's labels, and their types; their ids count from 41.

    Attributes:
        uploads: What was sent: the method, the query and the annotations.
    """

    def __init__(self, images: Sequence[np.ndarray], labels: dict[str, str]) -> None:
        self.uploads: list[tuple[str, str, dict]] = []
        rows = [
            dict(LABEL, id=41 + i, name=name, type=region_type) for i, (name, region_type) in enumerate(labels.items())
        ]
        frames = [
            dict(width=image.shape[1], height=image.shape[0], name=f'{number}.png', related_files=0)
            for number, image in enumerate(images)
        ]
        meta = dict(
            chunk_size=72, size=len(images), image_quality=70, start_frame=0, stop_frame=len(images) - 1,
            frame_filter='', frames=frames, deleted_frames=[], storage='local', cloud_storage_id=None,
            chunks_updated_date=NOW,
        )  # fmt: skip
        self._answers = {
            '/api/server/about': dict(name='CVAT', description='', version='2.80.0', logo_url='', subtitle=''),
            '/api/tasks/1': _task(len(images)),
            '/api/tasks/1/data/meta': meta,
            '/api/labels': dict(count=len(rows), next=None, previous=None, results=rows),
        }
        self._chunk = _zip(images)

    def answer(self, path: str) -> tuple[str, bytes] | None:
        """Media type and content of the answer to a GET, or None."""
        path = path.partition('?')[0].rstrip('/')
        if path == '/api/tasks/1/data':
            return 'application/zip', self._chunk
        return ('application/json', json.dumps(self._answers[path]).encode()) if path in self._answers else None

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve, and give the address."""
        server = ThreadingHTTPServer(('127.0.0.1', 0), type('Handler', (_Handler,), dict(cvat=self)))
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()
            server.server_close()


class _Handler(BaseHTTPRequestHandler):
    cvat: FakeCvat

    def do_GET(self) -> None:
        answer = self.cvat.answer(self.path)
        self._send(*(answer or ('application/json', b'{"detail": "Not found."}')), 200 if answer else 404)

    def _take(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        self.cvat.uploads.append((self.command, self.path.partition('?')[2], content))
        self._send('application/json', json.dumps(dict(version=1, tags=[], shapes=[], tracks=[])).encode())

    do_PUT = do_PATCH = _take

    def _send(self, media_type: str, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header('Content-Type', media_type)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args) -> None:
        """Say nothing."""


def _zip(images: Sequence[np.ndarray]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, 'w') as chunk:
        for number, image in enumerate(images):
            chunk.writestr(f'{number}.png', cv2.imencode('.png', image)[1].tobytes())
    return file.getvalue()


def _task(size: int) -> dict:
    summary = dict(count=0, completed=0, validation=0, url='http://x')
    user = dict(url='http://x', id=1, username='u', first_name='', last_name='')
    return dict(
        url='http://x', id=1, name='t', project_id=None, mode='annotation', owner=user, assignee=None, bug_tracker='',
        created_date=NOW, updated_date=NOW, overlap=0, segment_size=size, status='annotation', data_chunk_size=72,
        data_compressed_chunk_type='imageset', guide_id=None, data_original_chunk_type='imageset', size=size,
        image_quality=70, data=1, dimension='2d', subset='', organization=None, target_storage=None,
        source_storage=None, jobs=summary, labels=dict(url='http://x'), assignee_updated_date=None,
        validation_mode=None, consensus_enabled=False, organization_id=None,
    )  # fmt: skip
