"""end_with_parent: a process that is killed leaves none behind."""

import subprocess
import sys
from pathlib import Path

import pytest
from alive import is_alive, wait_until

SECONDS = 20
# Some of it reads /proc.
pytestmark = pytest.mark.skipif(not sys.platform.startswith('linux'), reason='needs /proc')

CHILD = """
import subprocess, sys, time
if len(sys.argv) > 2:  # the parent
    subprocess.Popen([sys.executable, __file__, sys.argv[1]]).wait()
from mmosis.utils.parent import end_with_parent
end_with_parent()
with open(sys.argv[1], 'w') as file:
    file.write(str(__import__('os').getpid()))
time.sleep(600)
"""
ORPHAN = """
import subprocess, sys, time
from mmosis.utils.parent import end_with_parent
gone = subprocess.Popen([sys.executable, '-c', ''])
gone.wait()
end_with_parent(started_by=gone.pid)
time.sleep(600)
"""


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
