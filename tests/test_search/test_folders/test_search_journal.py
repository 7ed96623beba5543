"""The journal of a search: what is kept through stops, crashes and full disks."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pytest

from mmosis.search.folders.search_journal import SearchJournal

SETTINGS = dict(score_thr=0.5, classes=['mug', 'Öl'], tile=None)
RECORDS = [dict(file_name=f'{name}.jpg', found=[dict(label=0, bbox=[1.5, 2, 3, 4])]) for name in 'abc']


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / 'new' / 'journal.jsonl'


def write(path: Path, *records: dict, settings: dict = SETTINGS, resume: bool = False) -> None:
    with SearchJournal(path, settings, resume) as journal:
        for record in records:
            journal.add(record)


def read(path: Path) -> list[dict]:
    """Records that a search that goes on finds."""
    with SearchJournal(path, SETTINGS, resume=True) as journal:
        return list(journal.records.values())


class TestResume:
    @pytest.mark.parametrize('resume', [False, True])
    def test_a_new_one(self, path: Path, resume: bool) -> None:
        with SearchJournal(path, SETTINGS, resume) as journal:
            assert journal.records == {}
            for record in RECORDS:
                journal.add(record)
            assert list(journal.records.values()) == RECORDS
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert lines == [dict(format='mmosis search 1', **SETTINGS), *RECORDS]

    def test_it_goes_on(self, path: Path) -> None:
        write(path, *RECORDS[:2])
        assert read(path) == RECORDS[:2]
        write(path, RECORDS[2], settings=dict(SETTINGS, classes=('mug', 'Öl')), resume=True)
        assert read(path) == RECORDS

    def test_a_line_is_on_the_disk_at_once(self, path: Path) -> None:
        with SearchJournal(path, SETTINGS, resume=False) as journal:
            journal.add(RECORDS[0])
            assert json.loads(path.read_text().splitlines()[-1]) == RECORDS[0]

    def test_what_failed_is_tried_again(self, path: Path) -> None:
        with SearchJournal(path, SETTINGS, resume=False) as journal:
            journal.add(dict(file_name='a.jpg', error='cut off'))
            journal.add(RECORDS[1])
            assert list(journal.records) == ['b.jpg']
        assert read(path) == [RECORDS[1]]
        write(path, RECORDS[0], resume=True)
        assert read(path) == [RECORDS[1], RECORDS[0]]

    @pytest.mark.parametrize('missing', [1, 2, 20])
    def test_a_line_that_was_cut_off_is_skipped(self, path: Path, missing: int) -> None:
        write(path, *RECORDS)
        path.write_bytes(path.read_bytes()[:-missing])
        assert read(path) == RECORDS[:2]
        write(path, RECORDS[2], resume=True)
        assert read(path) == RECORDS

    @pytest.mark.parametrize('kept', [0, 1, 15, 60])
    def test_a_first_line_that_was_cut_off_is_written_anew(self, path: Path, kept: int) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[:kept])
        write(path, RECORDS[0])
        assert read(path) == RECORDS[:1]

    def test_not_to_be_resumed(self, path: Path) -> None:
        write(path, *RECORDS[:2])
        before = path.read_bytes()
        message = re.escape(f'{path.parent} has results of an earlier search (2 images); resume it, or write to anot')
        with pytest.raises(ValueError, match=message):
            SearchJournal(path, SETTINGS, resume=False)
        assert path.read_bytes() == before

    def test_a_search_that_stopped_before_the_first_image_is_nothing_to_resume(self, path: Path) -> None:
        write(path)
        write(path, RECORDS[0], settings=dict(score_thr=0.9))
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert lines == [dict(format='mmosis search 1', score_thr=0.9), RECORDS[0]]

    @pytest.mark.parametrize(
        ('settings', 'names'),
        [
            (dict(SETTINGS, score_thr=0.6), 'score_thr'),
            (dict(SETTINGS, tile=512, classes=['mug']), 'classes, tile'),
            (dict(SETTINGS, overlap=0.1), 'overlap'),
            (dict(score_thr=0.5, tile=None), 'classes'),
        ],
    )
    def test_another_search_is_refused(self, path: Path, settings: dict, names: str) -> None:
        write(path, RECORDS[0])
        message = re.escape(f'{path} is of a search that differs in {names}; resume with the same, or write to another')
        with pytest.raises(ValueError, match=message):
            SearchJournal(path, settings, resume=True)
        assert read(path) == RECORDS[:1]

    @pytest.mark.parametrize('resume', [False, True])
    @pytest.mark.parametrize(
        'content',
        [
            b'\x89PNG\r\n\x1a\n\0\0',
            b'dear diary',
            b'dear diary\n',
            b'[1, 2]\n',
            b'7\n8\n',
            b'{"format": "other"}\n',
            b'{"format": "mmosis search 1"}\n{"a": 1}\n',
        ],
    )
    def test_a_file_of_something_else_stays_as_it_is(self, path: Path, content: bytes, resume: bool) -> None:
        path.parent.mkdir()
        path.write_bytes(content)
        with pytest.raises(ValueError, match=f'{re.escape(str(path))} is no journal of a search.*; write to another'):
            SearchJournal(path, SETTINGS, resume)
        assert path.read_bytes() == content


class TestNames:
    def test_they_are_kept_in_the_order_in_which_they_are_first_given(self, path: Path) -> None:
        with SearchJournal(path, SETTINGS, resume=False) as journal:
            assert journal.name(['/photos/b.jpg', '/photos/a.jpg'], '/photos') == ['b.jpg', 'a.jpg']
            journal.add(RECORDS[0])
        before = path.read_bytes()
        with SearchJournal(path, SETTINGS, resume=True) as journal:
            assert list(journal.names) == ['b.jpg', 'a.jpg']
            assert journal.name(['/photos/a.jpg'], '/photos') == ['a.jpg']
            assert path.read_bytes() == before
            assert journal.name(['/photos/c.jpg', '/photos/b.jpg'], '/photos') == ['c.jpg', 'b.jpg']
            assert list(journal.names) == ['b.jpg', 'a.jpg', 'c.jpg']
        assert json.loads(path.read_text().splitlines()[-1]) == dict(folder='/photos', inputs=['c.jpg'])

    def test_in_a_wider_folder(self, path: Path) -> None:
        with SearchJournal(path, SETTINGS, resume=False) as journal:
            journal.name(['/photos/x/a.jpg', '/photos/x/x/a.jpg'], '/photos/x')
            journal.add(RECORDS[0])
        for resumed in (False, True):
            with SearchJournal(path, SETTINGS, resume=True) as journal:
                assert journal.folders == ['/photos/x', '/'][: 1 + resumed]
                assert journal.name(['/photos/x/a.jpg'], '/') == ['photos/x/a.jpg']
                assert list(journal.names) == ['photos/x/a.jpg', 'photos/x/x/a.jpg']
                assert journal.records == {'photos/x/a.jpg': dict(RECORDS[0], file_name='photos/x/a.jpg')}

    def test_a_full_disk(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with SearchJournal(path, SETTINGS, resume=False) as journal, monkeypatch.context() as patch:
            before = path.read_bytes()
            patch.setattr('os.fsync', fail)
            with pytest.raises(OSError, match='No space left'):
                journal.name(['/photos/a.jpg'], '/photos')
        assert path.read_bytes() == before


def test_one_process_at_a_time(path: Path) -> None:
    with SearchJournal(path, SETTINGS, resume=False) as journal:
        journal.add(RECORDS[0])
        message = re.escape(f'another search writes to {path.parent}; wait for it, or take another folder')
        for resume in (False, True):
            with pytest.raises(ValueError, match=message):
                SearchJournal(path, SETTINGS, resume)
        journal.add(RECORDS[1])
    assert read(path) == RECORDS[:2]


class Disk:
    """A file that takes ten bytes at a time; a full one takes them once."""

    def __init__(self, file: BinaryIO, full: bool) -> None:
        self.file, self.full, self.writes = file, full, 0

    def write(self, content: bytes) -> int:
        self.writes += 1
        if self.full and self.writes > 1:
            fail()
        return self.file.write(content[:10])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def fail(*_: object) -> NoReturn:
    raise OSError(errno.ENOSPC, 'No space left on device')


class TestErrors:
    @pytest.mark.parametrize('taken', ['all', 'a part'])
    def test_a_full_disk_leaves_the_journal_complete(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, taken: str
    ) -> None:
        """Nothing comes after it when the file is closed, and what is added then stands where it should."""
        write(path, RECORDS[0])
        before = path.read_bytes()
        with SearchJournal(path, SETTINGS, resume=True) as journal:
            with monkeypatch.context() as patch:
                if taken == 'all':
                    patch.setattr('os.fsync', fail)
                else:
                    patch.setattr(journal, '_file', Disk(journal._file, full=True))
                with pytest.raises(OSError, match='No space left') as caught:
                    journal.add(RECORDS[1])
            assert caught.value.strerror == f'cannot write {path}: No space left on device; all before is kept'
            assert caught.value.errno == errno.ENOSPC
            assert list(journal.records) == ['a.jpg']
            assert path.read_bytes() == before
            journal.add(RECORDS[2])
        assert read(path) == [RECORDS[0], RECORDS[2]]

    def test_closed_after_a_full_disk(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch, SearchJournal(path, SETTINGS, resume=False) as journal:
            before = path.read_bytes()
            patch.setattr('os.fsync', fail)
            with pytest.raises(OSError, match='No space left'):
                journal.add(RECORDS[1])
        assert path.read_bytes() == before

    def test_a_disk_that_takes_a_line_in_parts(self, path: Path) -> None:
        with SearchJournal(path, SETTINGS, resume=False) as journal:
            journal._file = Disk(journal._file, full=False)
            journal.add(RECORDS[0])
        assert read(path) == RECORDS[:1]

    def test_a_file_in_place_of_the_folder(self, path: Path) -> None:
        path.parent.write_text('a file')
        with pytest.raises(FileExistsError, match=re.escape(str(path.parent))):
            SearchJournal(path, SETTINGS, resume=False)
        assert path.parent.read_text() == 'a file'


def test_a_pipe_is_no_journal(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'journal.jsonl')
    with pytest.raises(ValueError, match=r'journal\.jsonl is no regular file; write to another folder'):
        SearchJournal(tmp_path / 'journal.jsonl', {}, resume=False)
