"""AtomicLocalBackend: what MMEngine writes through it is complete."""

import os
from pathlib import Path

import pytest
from mmengine.fileio import get_file_backend

BACKEND = dict(backend='atomic')


def test_bytes_and_text_are_written_and_read(tmp_path: Path) -> None:
    backend = get_file_backend(backend_args=BACKEND)
    backend.put(b'\0', tmp_path / 'new' / 'bytes')
    backend.put_text('é', tmp_path / 'new' / 'text', encoding='latin-1')
    assert backend.get(tmp_path / 'new' / 'bytes') == b'\0'
    assert (tmp_path / 'new' / 'text').read_bytes() == b'\xe9'
    assert sorted(os.listdir(tmp_path / 'new')) == ['bytes', 'text']


def test_a_stop_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / 'file').write_text('old')
    monkeypatch.setattr('os.fsync', stop)
    backend = get_file_backend(str(tmp_path), backend_args=BACKEND)
    for write in (lambda: backend.put(b'new', tmp_path / 'file'), lambda: backend.put_text('new', tmp_path / 'file')):
        with pytest.raises(KeyboardInterrupt):
            write()
    assert (tmp_path / 'file').read_text() == 'old'
    assert os.listdir(tmp_path) == ['file']
