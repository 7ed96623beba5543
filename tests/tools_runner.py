"""Run the command line tools as a user does."""

import io
import os
import runpy
import socket
import subprocess
import sys
from collections import OrderedDict
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from mmengine.visualization import Visualizer

from mmosis.visualization import OneShotLocalVisualizer

ROOT = Path(__file__).parents[1]
NO_LAYOUT = str(ROOT / 'tests/no_layout')  # on Python's path, configs are written without yapf
DEMO = 'configs/demo/siamese_mask_rcnn_demo_s1.py'
STEPS = 2


def forget_visualizers(patch: pytest.MonkeyPatch) -> None:
    """Forget the visualizers of earlier Runners, which MMEngine would give again: a new process has none."""
    for visualizer in (Visualizer, OneShotLocalVisualizer):
        patch.setattr(visualizer, '_instance_dict', OrderedDict())


def run(tool: str, *args: str | Path) -> str:
    """Run a Python tool as ``python TOOL ARGS`` does, but in this process; return what it printed."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(printed):
        patch.chdir(ROOT)
        patch.setattr(sys, 'argv', [tool, *map(str, args)])
        forget_visualizers(patch)
        try:
            runpy.run_path(str(ROOT / tool), run_name='__main__')
        except SystemExit as error:
            raise ValueError(printed.getvalue()) from error
    return printed.getvalue()


def free_port() -> int:
    """Find a port that nothing listens at, also where other tests run beside this one."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def run_processes(*command: str | Path, **env: str) -> str:
    """Run a command that starts processes of its own; return what it printed."""
    done = subprocess.run(
        [*map(str, command)],
        cwd=ROOT,
        env={**os.environ, 'PYTHON': sys.executable, 'PORT': str(free_port()), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
