"""What the command that compares runtimes imports."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_torch_does_not_add_to_the_memory_that_is_measured() -> None:
    """Linux counts what the parent held when it started a process."""
    command = 'import sys, benchmarks.runtimes; sys.exit("torch" in sys.modules)'
    subprocess.run([sys.executable, '-c', command], cwd=ROOT, check=True)
