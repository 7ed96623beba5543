"""Whichever process of a tool is killed, the others end in seconds: none waits for gloo's half an hour."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alive import is_alive, wait_until
from tools_runner import ROOT, free_port

TOOL = """
import argparse, os
from pathlib import Path
from time import sleep
import torch.distributed as dist
from mmosis.utils.launch import add_config_arguments, load_config, use_cpu_processes

parser = argparse.ArgumentParser()
add_config_arguments(parser)
args = parser.parse_args()
use_cpu_processes(args)
cfg = load_config(args)
rank = dist.get_rank()
Path(cfg.work_dir, f'rank_{rank}').write_text(str(os.getpid()))
if rank == 0:
    sleep(900)
dist.barrier()
"""
SECONDS = 60  # torchrun gives a process 30 to end by itself


def read_ranks(folder: Path) -> list[int]:
    return [int(file.read_text()) for file in sorted(folder.glob('rank_*')) if file.read_text()]


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='reads /proc')
@pytest.mark.parametrize(
    ('launch', 'victim', 'sent'),
    [
        ('python', 'launcher', signal.SIGKILL),
        ('python', 'rank 1', signal.SIGKILL),
        ('dist_run.sh', 'launcher', signal.SIGKILL),
        ('dist_run.sh', 'launcher', signal.SIGTERM),
    ],
)
def test_the_others_end(tmp_path: Path, launch: str, victim: str, sent: signal.Signals) -> None:
    (tmp_path / 'tool.py').write_text(TOOL)
    (tmp_path / 'config.py').write_text(f'model = None\nwork_dir = {str(tmp_path)!r}\n')
    command = dict(python=[sys.executable], **{'dist_run.sh': ['tools/dist_run.sh', '2']})[launch]
    env = dict(os.environ, PYTHON=sys.executable, PORT=str(free_port()), CUDA_VISIBLE_DEVICES='', PYTHONPATH=str(ROOT))
    launcher = subprocess.Popen(
        [*command, tmp_path / 'tool.py', tmp_path / 'config.py'], cwd=ROOT, env=env, stderr=subprocess.DEVNULL
    )
    try:
        assert wait_until(lambda: len(read_ranks(tmp_path)) == 2, 120)
        ranks = read_ranks(tmp_path)
        assert all(map(is_alive, ranks))
        time.sleep(0.5)  # into the barrier
        os.kill(launcher.pid if victim == 'launcher' else ranks[int(victim[-1])], sent)
        assert wait_until(lambda: not any(map(is_alive, [launcher.pid, *ranks])), SECONDS)
    finally:
        for process in (launcher.pid, *read_ranks(tmp_path)):
            if is_alive(process):
                os.kill(process, signal.SIGKILL)
        launcher.wait()
