"""The name by which configs and checkpoints import the model, away from the checkout."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import mmosis.published
from mmdet.registry import MODELS
print(MODELS.get('PublishedDetector').__module__)
"""


def test_the_package_finds_the_project_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / 'mmosis').symlink_to(ROOT / 'mmosis')  # on the path is the package alone, as where it is installed
    env = dict(os.environ, PYTHONPATH=str(tmp_path))
    done = subprocess.run(
        [sys.executable, '-c', PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith('projects.published.detector\n')  # after what mmdet prints as it is imported
