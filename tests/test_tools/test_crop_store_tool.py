"""The tool that writes a store of crops."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tools_runner import DEMO, ROOT, run

from projects.scenes.synthetic import make_scenes

TOOL = 'tools/dataset_converters/make_crop_store.py'
FILES = ('crops.bin', 'index.npy', 'store.json')


def _bytes(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def test_the_tool_says_what_it_has_made(scenes: Path, tmp_path: Path) -> None:
    root = f'train_dataloader.dataset.data_root={scenes}/'
    printed = run(TOOL, DEMO, '--out', tmp_path, '--max-size', '16', '--cfg-options', root)
    settings = json.loads((tmp_path / 'store.json').read_text())
    assert settings['max_size'] == 16
    assert f'{len(np.load(tmp_path / "index.npy"))} crops, ' in printed


@pytest.mark.slow
def test_a_killed_build_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    make_scenes(tmp_path / 'train', num_images=400, seed=0, image_size=64)
    options = (DEMO, '--num-workers', '2', '--cfg-options', f'train_dataloader.dataset.data_root={tmp_path}/')
    run(TOOL, *options, '--out', tmp_path / 'whole')
    killed, written = tmp_path / 'killed', 0
    for _ in range(2):
        command = [sys.executable, TOOL, *options, '--out', str(killed)]
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        while process.poll() is None and _size(killed / 'rows.part') <= written:
            time.sleep(0.001)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        written = _size(killed / 'rows.part')
    assert not (killed / 'store.json').exists()
    run(TOOL, *options, '--out', killed)
    assert [_bytes(killed, name) for name in FILES] == [_bytes(tmp_path / 'whole', name) for name in FILES]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
