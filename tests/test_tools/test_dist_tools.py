"""tools/dist_*.sh in two processes, also where torchrun must start one of them again."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from killed_training import outcome, same
from tools_runner import DEMO, ROOT, free_port, run, run_processes

CONFIG = """
_base_ = {base!r}

custom_imports = dict(imports=[*_base_.custom_imports.imports, 'killed_training'])
custom_hooks = [dict(type='KillOnce', rank=1, iteration=3, marker={marker!r})]
"""


@pytest.fixture(scope='module')
def words(options: list[str]) -> list[str]:
    return [
        *options,
        'train_cfg.max_iters=5',
        'default_hooks.checkpoint.interval=2',
        'default_hooks.logger.interval=1',
    ]


@pytest.fixture(scope='module')
def together(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir after one torchrun with two processes."""
    work_dir = tmp_path_factory.mktemp('together')
    run_processes('tools/dist_train.sh', DEMO, '2', '--work-dir', work_dir, *words)
    return work_dir


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo, in which rank 1 is killed once."""
    path = tmp_path / 'killed.py'
    path.write_text(CONFIG.format(base=str(ROOT / DEMO), marker=str(tmp_path / 'killed')))
    return path


@pytest.mark.slow
def test_two_machines_go_on_after_one_of_them_lost_its_process(
    config: Path, words: list[str], together: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two torchruns on this machine, with a process each, beside one torchrun with two processes."""
    monkeypatch.setenv('PYTHONPATH', str(ROOT / 'tests'), prepend=os.pathsep)
    command = (
        'timeout',
        '400',
        'tools/dist_train.sh',
        config,
        '1',
        '--work-dir',
        tmp_path / 'apart',
        '--resume',
        *words,
    )
    env = dict(NNODES='2', MAX_RESTARTS='1', PORT=str(free_port()))
    with ThreadPoolExecutor(2) as machines:
        list(machines.map(lambda rank: run_processes(*command, **env, NODE_RANK=rank), '01'))
    assert (tmp_path / 'killed').exists()
    assert same(outcome(tmp_path / 'apart'), outcome(together))


def read_metrics(work_dir: Path) -> dict[str, float]:
    """Read MMEngine's file, which each process writes over the others': the end of a longer text may stand behind."""
    return json.JSONDecoder().raw_decode(next(work_dir.glob('*/*.json')).read_text())[0]


@pytest.mark.slow
def test_two_processes_test_as_one_does(together: Path, options: list[str], tmp_path: Path) -> None:
    checkpoint = together / 'iter_5.pth'
    run_processes('tools/dist_test.sh', DEMO, checkpoint, '2', '--work-dir', tmp_path / 'two', *options)
    run('tools/test.py', DEMO, checkpoint, '--work-dir', tmp_path / 'one', *options)
    two, one = (read_metrics(tmp_path / name) for name in ('two', 'one'))
    keys = [key for key in one if 'AP' in key]
    assert keys
    assert [two[key] for key in keys] == pytest.approx([one[key] for key in keys], abs=1e-6, nan_ok=True)
