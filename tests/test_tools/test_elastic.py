"""tools/dist_train.sh where processes die: torchrun starts them again, and they go on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from killed_training import outcome, same
from tools_runner import DEMO, ROOT, free_port, run_processes

CONFIG = """
_base_ = {base!r}

custom_imports = dict(imports=[*_base_.custom_imports.imports, 'killed_training'])
custom_hooks = [dict(type='KillOnce', rank=1, iteration=3, marker={marker!r})]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo, in which rank 1 is killed once."""
    path = tmp_path / 'killed.py'
    path.write_text(CONFIG.format(base=str(ROOT / DEMO), marker=str(tmp_path / 'killed')))
    return path


@pytest.mark.slow
def test_two_machines_go_on_after_one_of_them_lost_its_process(
    config: Path, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two torchruns on this machine, with a process each, beside one torchrun with two processes."""
    words = [
        *options,
        'train_cfg.max_iters=5',
        'default_hooks.checkpoint.interval=2',
        'default_hooks.logger.interval=1',
    ]
    monkeypatch.setenv('PYTHONPATH', str(ROOT / 'tests'))
    run_processes('tools/dist_train.sh', DEMO, '2', '--work-dir', tmp_path / 'together', *words)
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
    assert same(outcome(tmp_path / 'apart'), outcome(tmp_path / 'together'))
