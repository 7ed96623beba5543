"""make_each: in order, in any number of processes; end_with_parent: a process that is killed leaves none behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alive import is_alive, wait_until

from mmosis.utils.processes import make_each

SECONDS = 20
# Some of it reads /proc.
pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='needs /proc')

CHILD = """
import subprocess, sys, time
if len(sys.argv) > 2:  # the parent
    subprocess.Popen([sys.executable, __file__, sys.argv[1]]).wait()
from mmosis.utils.processes import end_with_parent
end_with_parent()
with open(sys.argv[1], 'w') as file:
    file.write(str(__import__('os').getpid()))
time.sleep(600)
"""
POOL = """
import os, sys, time
from pathlib import Path
from mmosis.utils.processes import make_each

def make(index):
    Path(sys.argv[1], str(os.getpid())).touch()
    time.sleep(0.5)

list(make_each(make, range(10_000), num_workers=2))
"""
ORPHAN = """
import subprocess, sys, time
from mmosis.utils.processes import end_with_parent
gone = subprocess.Popen([sys.executable, '-c', ''])
gone.wait()
end_with_parent(started_by=gone.pid)
time.sleep(600)
"""


def square(number: int) -> int:
    return number**2


@pytest.mark.parametrize('num_workers', [0, 2])
def test_in_order(num_workers: int) -> None:
    assert list(make_each(square, range(3, 20), num_workers)) == [number**2 for number in range(3, 20)]


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    script, note = tmp_path / 'child.py', tmp_path / 'pid'
    script.write_text(CHILD)
    parent = subprocess.Popen([sys.executable, script, note, 'parent'], stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: note.is_file() and note.read_text(), SECONDS)
        child = int(note.read_text())
        assert is_alive(child)
    finally:
        parent.kill()
        parent.wait()
    assert wait_until(lambda: not is_alive(child), SECONDS)


def test_it_ends_at_once_where_what_started_it_is_gone_already() -> None:
    ended = subprocess.run([sys.executable, '-c', ORPHAN], capture_output=True, text=True, check=False, timeout=SECONDS)
    assert ended.returncode == 1
    assert 'ends, since the one that started it is gone' in ended.stderr


def test_a_killed_process_leaves_no_workers(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, '-c', POOL, tmp_path], stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: len(os.listdir(tmp_path)) == 2, SECONDS)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert wait_until(lambda: not any(is_alive(int(pid)) for pid in os.listdir(tmp_path)), SECONDS)
