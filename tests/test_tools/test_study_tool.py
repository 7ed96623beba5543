"""tools/study.py trains, tests and tables."""

import json
from pathlib import Path

from tools_runner import run

NAMES = ('baseline', 'concat_only')


def test_study_tables_configs_and_seeds(options: list[str], tmp_path: Path) -> None:
    configs = [f'configs/demo/ablations/{name}.py' for name in NAMES]
    settings = ['--seeds', 0, 1, '--phases', 'one-shot', '--num-references', 2, '--out-dir', tmp_path]
    printed = run('tools/study.py', *configs, *settings, *options, 'train_cfg.max_iters=1')
    table = (tmp_path / 'table.md').read_text()
    assert table in printed
    assert table.count('| 2     |') == 2  # seeds of each config
    results = json.loads((tmp_path / 'study.json').read_text())
    assert {(result['config'], result['seed']) for result in results} == {(name, s) for name in NAMES for s in (0, 1)}
    assert all(0 <= result[name] <= 1 for result in results for name in ('box', 'mask'))
    for name in NAMES:
        logs = (tmp_path / name).glob('seed*/*/vis_data/config.py')
        assert {log.parents[2].name for log in logs} == {'seed0', 'seed1'}, 'each run logs in its own folder'
