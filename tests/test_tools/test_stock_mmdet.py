"""mmdet's own tools with our configs."""

import json
import sys
from pathlib import Path

import mmdet
import pytest
from tools_runner import DEMO, STEPS, run, run_processes

TOOLS = Path(mmdet.__file__).parent / '.mim' / 'tools'
COMPAT = 'mmosis/compat/__main__.py'

pytestmark = pytest.mark.skipif(not TOOLS.is_dir(), reason=f'the installed mmdet brings no tools: no {TOOLS}')


@pytest.fixture(scope='module')
def trained(options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir after mmdet's tools/train.py in a process that has not imported mmosis: the config does."""
    work_dir = tmp_path_factory.mktemp('stock')
    logged = ('default_hooks.logger.interval=1', 'log_level=INFO')
    run_processes(sys.executable, TOOLS / 'train.py', DEMO, '--work-dir', work_dir, *options, *logged)
    return work_dir


def test_train(trained: Path) -> None:
    assert (trained / f'iter_{STEPS}.pth').is_file()
    (log,) = trained.glob('*/vis_data/scalars.json')
    steps = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line['step'] for line in steps] == [1, 2]
    assert all(line['loss_mask'] > 0 for line in steps)


def test_test(trained: Path, options: list[str], tmp_path: Path) -> None:
    """Ops are needed before the config is read, so MMDetection runs by ``python -m mmosis.compat TOOL``."""
    run(COMPAT, TOOLS / 'test.py', DEMO, trained / f'iter_{STEPS}.pth', '--work-dir', tmp_path, *options)
    metrics = json.loads(next(tmp_path.glob('*/*.json')).read_text())
    assert 'one-shot/segm_mAP_50' in metrics
