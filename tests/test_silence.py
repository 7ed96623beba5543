"""What the commands print, line by line: results, progress and warnings that matter; nothing of MMEngine or mmdet."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools_runner import DEMO, NO_LAYOUT, ROOT

PYTHON = sys.executable
# The rest of the environment, such as PYTHONWARNINGS or pytest's own variables, might change what is said.
KEPT = ('PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH')

SKIPPED_CATEGORIES = r'\S+ \S+ - mmengine - WARNING - \d+ of \d+ .+ categories are skipped: .+ shows them in .+'
OBJECTS = r'\S+ \S+ - mmengine - INFO - \S+: \d+ of \d+ objects are skipped: .+'
SKIPPED = (
    r'\S+ \S+ - mmengine - INFO - \d+ of 60 images of .+ show one of the 9 one-shot categories; the others are skipped'
)
# MMEngine's Runner prints it, between calls of the hooks: to capture it would be to capture what they print as well.
LOADS = r'Loads checkpoint by local backend from path: .*\.pth'
TABLE = r'\+[-+]+\+|\|.*\|'


def steps(what: str, total: int) -> str:
    return rf'{what}: \d+/{total}, \d+ s'


def run(*command: str | Path) -> tuple[list[str], list[str]]:
    """Run a command as a user does; return the lines of stdout and of stderr."""
    env = {name: os.environ[name] for name in KEPT if name in os.environ}
    env.update(PYTHONPATH=f'{NO_LAYOUT}:{ROOT}', OMP_NUM_THREADS='1', PYTHON=PYTHON, PORT='29633')
    done = subprocess.run([*map(str, command)], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


def unexpected(lines: list[str], *allowed: str) -> list[str]:
    """The lines that match none of the patterns from end to end."""
    return [line for line in lines if not any(re.fullmatch(pattern, line) for pattern in allowed)]


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes to train on and to test with, made without a word but the progress."""
    root = tmp_path_factory.mktemp('silence')
    tool = 'tools/dataset_converters/make_synthetic.py'
    out, err = run(PYTHON, tool, root / 'train', '--num-images', '60', '--image-size', '64', '--num-workers', '2')
    assert unexpected(out, steps('.*/train', 60), r'.*/train/annotations\.json') == []
    assert len(out) == 11
    assert err == []
    return root


@pytest.fixture(scope='module')
def options(data: Path) -> list[str]:
    return [
        '--cfg-options',
        f'train_dataloader.dataset.data_root={data}/',
        f'test_dataloader.dataset.data_root={data}/',
        'test_dataloader.dataset.ann_file=train/annotations.json',
        'test_dataloader.dataset.data_prefix.img=train/images/',
        'train_dataloader.batch_size=1',
        'train_cfg.max_iters=2',
        'default_hooks.checkpoint.interval=1',
        'test_dataloader.dataset.indices=3',
    ]


def test_help() -> None:
    out, err = run(PYTHON, '-m', 'mmosis.cli', '--help')
    assert out[0] == 'usage: mmosis [-h] [--version] COMMAND ...'
    assert err == []


def test_search(data: Path, tmp_path: Path) -> None:
    # A box on a searched image would be in the result, whatever the threshold.
    *images, other = sorted((data / 'train/images').iterdir())[:3]
    words = ['--reference', other, '--box', '10,10,50,50', '--image-scale', '64', '--score-thr', '1']
    out, err = run(PYTHON, '-m', 'mmosis.cli', 'search', *images, *words, '--out', tmp_path)
    results = (r'0 objects in 2 images: .*', 'searched at 64 pixels', 'the best score was .*')
    assert unexpected(out, steps('Search', 2), *results) == []
    assert len(out) == 5
    assert err == []


def test_training_in_two_processes_and_a_test(options: list[str], tmp_path: Path) -> None:
    out, err = run('tools/dist_train.sh', DEMO, '2', '--work-dir', tmp_path, *options)
    assert unexpected(out, SKIPPED_CATEGORIES, steps(r'train, loss \d+\.\d\d', 2)) == []
    assert err == []
    out, err = run(PYTHON, 'tools/test.py', DEMO, tmp_path / 'iter_2.pth', '--work-dir', tmp_path, *options)
    assert unexpected(out, SKIPPED_CATEGORIES, LOADS, steps('test', 3), TABLE) == []
    assert 'mAP50' in '\n'.join(out)
    assert err == []


def test_random_boxes(data: Path, tmp_path: Path) -> None:
    tool = 'tools/analysis_tools/random_boxes.py'
    out, err = run(PYTHON, tool, data / 'train/annotations.json', tmp_path, '--split', '1')
    assert unexpected(out, SKIPPED_CATEGORIES, OBJECTS, SKIPPED, TABLE) == []
    assert 'mAP50' in '\n'.join(out)
    assert err == []
