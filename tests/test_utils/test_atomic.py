import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from mmosis.utils.atomic import open_atomic, remove_leftovers, write_atomic


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    """Set the umask; it is put back."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(
    ('content', 'expected'), [(b'\0\xff\r\n', b'\0\xff\r\n'), ('é\n', b'\xc3\xa9\n'), ('', b''), (b'', b'')]
)
@pytest.mark.parametrize('path_type', [str, Path])
def test_bytes_and_text(tmp_path: Path, content: bytes | str, expected: bytes, path_type: type) -> None:
    path = tmp_path / 'new' / 'folder' / 'file'
    write_atomic(path_type(path), content)
    assert path.read_bytes() == expected
    assert os.listdir(path.parent) == ['file']


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('a longer old text')
    write_atomic(tmp_path / 'file', 'new')
    assert (tmp_path / 'file').read_text() == 'new'


def test_a_pipe_or_a_device_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')
    (tmp_path / 'null').symlink_to(os.devnull)
    for name in ('pipe', 'null'):
        with pytest.raises(OSError, match=f'cannot write {tmp_path}/{name}: it is no regular file; nothing of it was'):
            write_atomic(tmp_path / name, 'new')
    assert stat.S_ISFIFO((tmp_path / 'pipe').stat().st_mode)
    assert sorted(os.listdir(tmp_path)) == ['null', 'pipe']


def test_a_name_as_long_as_may_be(tmp_path: Path) -> None:
    path = tmp_path / ('a' * 255)
    write_atomic(path, 'new')
    assert path.read_text() == 'new'


@pytest.mark.parametrize('mask', [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(tmp_path: Path, umask: Callable[[int], int], mask: int) -> None:
    umask(mask)
    write_atomic(tmp_path / 'file', 'new')
    assert stat.S_IMODE((tmp_path / 'file').stat().st_mode) == 0o666 & ~mask
    assert umask(0) == mask


@pytest.mark.parametrize('step', ['os.fsync', 'os.replace'])
@pytest.mark.parametrize('old', ['old', None])
def test_an_old_file_survives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, old: str | None
) -> None:
    if old:
        (tmp_path / 'file').write_text(old)
    monkeypatch.setattr(step, lambda *_: fail(OSError(errno.ENOSPC, 'No space left on device')))
    with pytest.raises(OSError, match='No space left') as caught:
        write_atomic(tmp_path / 'file', 'new')
    assert caught.value.errno == errno.ENOSPC
    expected = f'cannot write {tmp_path / "file"}: No space left on device; nothing of it was kept'
    assert caught.value.strerror == expected
    assert os.listdir(tmp_path) == (['file'] if old else [])
    assert not old or (tmp_path / 'file').read_text() == old


@pytest.mark.parametrize('step', ['os.fsync', 'os.replace'])
def test_a_stop_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    (tmp_path / 'file').write_text('old')
    monkeypatch.setattr(step, lambda *_: fail(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / 'file', 'new')
    assert os.listdir(tmp_path) == ['file']
    assert (tmp_path / 'file').read_text() == 'old'


def fail(error: BaseException) -> NoReturn:
    raise error


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('old')
    for path in (tmp_path / 'file' / 'a', tmp_path / 'file' / 'b' / 'a'):
        with pytest.raises((FileExistsError, NotADirectoryError), match=f'cannot write {path}: '):
            write_atomic(path, 'new')
    assert (tmp_path / 'file').read_text() == 'old'


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / 'folder').mkdir()
    with pytest.raises(IsADirectoryError, match=r'cannot write .*folder: Is a directory; nothing of it was kept'):
        write_atomic(tmp_path / 'folder', 'new')
    assert os.listdir(tmp_path) == ['folder']


def test_a_file_is_written_piece_by_piece_and_named_at_the_end(tmp_path: Path) -> None:
    with open_atomic(tmp_path / 'new' / 'file') as file:
        for piece in (b'a', b'b'):
            file.write(piece)
            assert not (tmp_path / 'new' / 'file').exists()
    assert (tmp_path / 'new' / 'file').read_bytes() == b'ab'


def test_a_file_that_is_not_finished_is_skipped(tmp_path: Path) -> None:
    def write_half() -> None:
        with open_atomic(tmp_path / 'file') as file:
            file.write(b'half')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert os.listdir(tmp_path) == []


def test_leftovers_of_a_kill_are_removed_and_nothing_else(tmp_path: Path) -> None:
    others = ['file', '.part', 'a.part', f'{"0" * 32}.part', f'.{"0" * 31}.part']
    for name in others:
        (tmp_path / name).touch()
    write = open_atomic(tmp_path / 'new')
    write.__enter__().write(b'half')  # and never any more
    assert len(os.listdir(tmp_path)) == len(others) + 1
    remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(others)
    remove_leftovers(tmp_path / 'nothing')


def test_leftovers_in_folders_below(tmp_path: Path) -> None:
    left = f'.{"0" * 32}.part'
    for name in (left, f'a/{left}', f'a/deep/{left}', f'b/{left}'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, 'a', 'nothing')
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*.part')] == [f'b/{left}']
