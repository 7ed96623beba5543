"""A lock on a file: one at a time, until it is closed or its process ends."""

import errno
import fcntl
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mmosis.utils.lock import lock_file

HOLD = """
import sys, time
from mmosis.utils.lock import lock_file
file = open(sys.argv[1], 'w')
lock_file(file, 'taken')
print('locked', flush=True)
time.sleep(60)
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    with (tmp_path / 'file').open('w') as first, (tmp_path / 'file').open('w') as second:
        lock_file(first, 'taken')
        with pytest.raises(ValueError, match='taken'):
            lock_file(second, 'taken')
        first.close()
        lock_file(second, 'taken')


def test_a_killed_process_has_none(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, '-c', HOLD, tmp_path / 'file'], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b'locked\n'
        with (tmp_path / 'file').open('w') as file:
            with pytest.raises(ValueError, match='taken'):
                lock_file(file, 'taken')
            process.kill()
            process.wait()
            lock_file(file, 'taken')


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(fcntl, 'flock', fail)
    message = re.escape(f'{tmp_path}/file cannot be locked on this file system (No locks available); see that nobody')
    with (tmp_path / 'file').open('w') as file, pytest.warns(UserWarning, match=message):
        lock_file(file, 'taken')


def test_another_error_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, 'Input/output error')

    monkeypatch.setattr(fcntl, 'flock', fail)
    with (tmp_path / 'file').open('w') as file, pytest.raises(OSError, match='Input/output error'):
        lock_file(file, 'taken')
