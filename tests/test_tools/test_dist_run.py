"""tools/dist_run.sh: processes share the cores that there are."""

import os
from pathlib import Path

import pytest
from tools_runner import run_processes

# A stand-in for a program: what it prints is given.
PROGRAM = '#!/bin/sh\necho "{words}"\n'


@pytest.mark.parametrize(
    ('cores', 'processes', 'wanted', 'threads'),
    [(8, 2, '', 4), (7, 2, '', 3), (2, 3, '', 1), (8, 2, '5', 5)],
)
def test_threads_of_each(tmp_path: Path, cores: int, processes: int, wanted: str, threads: int) -> None:
    for name, words in (('nproc', str(cores)), ('python', '$OMP_NUM_THREADS $MKL_NUM_THREADS')):
        (tmp_path / name).write_text(PROGRAM.format(words=words))
        (tmp_path / name).chmod(0o755)
    env = dict(PATH=f'{tmp_path}:{os.environ["PATH"]}', PYTHON='python', OMP_NUM_THREADS=wanted, MKL_NUM_THREADS='')
    assert run_processes('tools/dist_run.sh', str(processes), 'tool.py', **env) == f'{threads} {threads}\n'


@pytest.mark.parametrize(
    ('command', 'tool'),
    [
        (('tools/dist_train.sh', 'config.py', '2'), 'train.py config.py'),
        (('tools/dist_test.sh', 'config.py', 'weights.pth', '2'), 'test.py config.py weights.pth'),
    ],
)
def test_arguments_of_the_tool_are_passed_on(tmp_path: Path, command: tuple[str, ...], tool: str) -> None:
    (tmp_path / 'python').write_text(PROGRAM.format(words='$*'))
    (tmp_path / 'python').chmod(0o755)
    printed = run_processes(*command, '--split', '3', PYTHON=str(tmp_path / 'python'))
    assert printed.endswith(f'{tool} --split 3 --launcher pytorch\n')
