"""The Slurm tools: the exact command that they hand to srun, and that it reaches MMEngine's Slurm set-up."""

import json
import os
import sys
from pathlib import Path

import pytest
from tools_runner import DEMO, ROOT, run, run_processes

SRUN = """#!{python}
import json, os, sys
with open({record!r}, 'w') as file:
    json.dump(dict(arguments=sys.argv[1:], path=os.environ['PYTHONPATH']), file)
"""


@pytest.fixture
def srun(tmp_path: Path) -> dict[str, str]:
    """Environment with an srun that writes down what it was asked for."""
    program = tmp_path / 'bin' / 'srun'
    program.parent.mkdir()
    program.write_text(SRUN.format(python=sys.executable, record=str(tmp_path / 'record.json')))
    program.chmod(0o755)
    return dict(PATH=f'{program.parent}:{os.environ["PATH"]}', PYTHON='python', PYTHONPATH='/elsewhere')


def recorded(tmp_path: Path) -> list[str]:
    record = json.loads((tmp_path / 'record.json').read_text())
    assert record['path'] == f'{ROOT}:/elsewhere'
    return record['arguments']


def test_train_with_the_defaults_of_mmdet(srun: dict[str, str], tmp_path: Path) -> None:
    run_processes('tools/slurm_train.sh', 'gpu', 'a job', 'config.py', 'work dir', '--amp', **srun)
    assert recorded(tmp_path) == [
        *('-p', 'gpu', '--job-name=a job', '--gres=gpu:8', '--ntasks=8', '--ntasks-per-node=8'),
        *('--cpus-per-task=5', '--kill-on-bad-exit=1'),
        *('python', '-u', 'tools/train.py', 'config.py', '--work-dir', 'work dir', '--amp', '--launcher', 'slurm'),
    ]


def test_test_with_all_variables(srun: dict[str, str], tmp_path: Path) -> None:
    sizes = dict(GPUS='16', GPUS_PER_NODE='4', CPUS_PER_TASK='3', SRUN_ARGS='--quotatype=auto --time 60')
    run_processes('tools/slurm_test.sh', 'gpu', 'job', 'config.py', 'last.pth', '--out', 'o.pkl', **srun, **sizes)
    assert recorded(tmp_path) == [
        *('-p', 'gpu', '--job-name=job', '--gres=gpu:4', '--ntasks=16', '--ntasks-per-node=4', '--cpus-per-task=3'),
        *('--kill-on-bad-exit=1', '--quotatype=auto', '--time', '60'),
        *('python', '-u', 'tools/test.py', 'config.py', 'last.pth', '--out', 'o.pkl', '--launcher', 'slurm'),
    ]


class Reached(Exception):
    """The Runner set up its processes."""


@pytest.mark.parametrize(('script', 'last'), [('train', 'work'), ('test', 'last.pth')])
def test_the_tools_take_the_command(
    script: str, last: str, srun: dict[str, str], options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What srun would start, up to where MMEngine asks Slurm for the process number."""
    run_processes(f'tools/slurm_{script}.sh', 'gpu', 'job', DEMO, tmp_path / last, *options, **srun)
    arguments = recorded(tmp_path)
    tool, *rest = arguments[arguments.index('-u') + 1 :]

    def init_dist(launcher: str, **settings) -> None:
        assert launcher == 'slurm'
        raise Reached

    monkeypatch.setattr('mmengine.runner.runner.init_dist', init_dist)
    with pytest.raises(Reached):
        run(tool, *rest, '--work-dir', tmp_path)
