"""Journals of long work, and make_each: in order, in any number of processes, none of which outlives a killed one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alive import is_alive, wait_until

from projects.scenes.journal import fill_journal, make_each, read_journal

SECONDS = 20
POOL = """
import os, sys, time
from pathlib import Path
from projects.scenes.journal import make_each

def make(index):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(0.5)

list(make_each(make, range(10_000), num_workers=2))
"""


def _make(index):
    return dict(square=index**2)


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / 'new' / 'journal.jsonl'
    fill_journal(path, dict(seed=0, size=(1, 2)), _make, 5)
    return path


def test_records_are_kept_in_their_order(journal):
    assert [record['square'] for record in read_journal(journal)] == [0, 1, 4, 9, 16]
    assert [record['square'] for record in read_journal(journal, 2)] == [0, 1]


def test_workers_make_no_difference(journal, tmp_path):
    fill_journal(tmp_path / 'helped', dict(seed=0, size=(1, 2)), _make, 5, num_workers=2)
    assert (tmp_path / 'helped').read_bytes() == journal.read_bytes()


@pytest.mark.parametrize('kept', [0, 5, 27, 40, -1])
def test_what_is_missing_or_half_written_is_made(journal, kept):
    complete = journal.read_bytes()
    journal.write_bytes(complete[:kept])
    fill_journal(journal, dict(seed=0, size=(1, 2)), _make, 5)
    assert journal.read_bytes() == complete


def test_what_is_done_is_not_made_again(journal):
    made = []
    fill_journal(journal, dict(seed=0, size=[1, 2]), made.append, 4)
    assert made == []
    fill_journal(journal, dict(seed=0, size=[1, 2]), made.append, 7)
    assert made == [5, 6]


def test_other_settings_are_refused(journal):
    with pytest.raises(
        ValueError, match=r'new was begun with other settings \(noise was None, is 3; seed was 0, is 1\)'
    ):
        fill_journal(journal, dict(seed=1, size=(1, 2), noise=3), _make, 5)


def test_a_failure_keeps_what_was_made(tmp_path):
    def fail(index):
        return index if index < 2 else 1 / 0

    with pytest.raises(ZeroDivisionError):
        fill_journal(tmp_path / 'journal', {}, fail, 5)
    assert list(read_journal(tmp_path / 'journal')) == [0, 1]


def square(number: int) -> int:
    return number**2


@pytest.mark.parametrize('num_workers', [0, 2])
def test_in_order(num_workers: int) -> None:
    assert list(make_each(square, range(3, 20), num_workers)) == [number**2 for number in range(3, 20)]


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='needs /proc')
def test_a_killed_process_leaves_no_workers(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, '-c', POOL, tmp_path], stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: len(os.listdir(tmp_path)) == 2, SECONDS)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert wait_until(lambda: not any(is_alive(int(pid)) for pid in os.listdir(tmp_path)), SECONDS)
