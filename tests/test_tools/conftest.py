"""Fixtures of the tests of tools: scenes for the demo config, and options that make it small."""

from pathlib import Path

import pytest
from tools_runner import DEMO, STEPS, run

from projects.scenes.synthetic import make_scenes


@pytest.fixture(scope='session')
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes where the demo config expects them, under another root."""
    root = tmp_path_factory.mktemp('data')
    for seed, name in enumerate(('train', 'test')):
        make_scenes(root / name, num_images=60, seed=seed, image_size=64)
    return root


@pytest.fixture(scope='session')
def options(scenes: Path) -> list[str]:
    """Overrides that make the demo config small."""
    loaders = ('train_dataloader', 'test_dataloader')
    return [
        '--cfg-options',
        *(f'{loader}.dataset.data_root={scenes}/' for loader in loaders),
        *(f'{loader}.{key}' for loader in loaders for key in ('num_workers=0', 'persistent_workers=False')),
        'train_dataloader.batch_size=1',
        f'train_cfg.max_iters={STEPS}',
        'default_hooks.checkpoint.interval=1',
        'test_dataloader.dataset.indices=3',
    ]


@pytest.fixture(scope='session')
def trained(options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work dir after tools/train.py."""
    work_dir = tmp_path_factory.mktemp('trained')
    run('tools/train.py', DEMO, '--work-dir', work_dir, *options)
    return work_dir
