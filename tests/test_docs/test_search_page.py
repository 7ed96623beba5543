"""The Python blocks of docs/search.md run, one after the other, with the default model."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from pages import blocks, read

from mmosis.utils.rng import generator

PICTURES = dict(scene=(150, 200), mug=(80, 60), mug2=(70, 70), plate=(60, 90), bowl=(50, 50), table=(480, 640))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the page names."""
    for name, shape in PICTURES.items():
        pixels = generator(0, 'picture', name).integers(0, 256, (*shape, 3), dtype='uint8')
        cv2.imwrite(str(tmp_path / f'{name}.jpg'), cv2.GaussianBlur(pixels, (0, 0), 4))
    (tmp_path / 'photos').mkdir()
    for name in ('scene', 'plate'):
        shutil.copy(tmp_path / f'{name}.jpg', tmp_path / 'photos')
    return tmp_path


def test_the_blocks_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    mask = np.zeros(PICTURES['mug'], np.uint8)
    mask[20:60, 20:40] = 1
    names: dict = dict(mask=mask)
    for block in blocks(read('docs/search.md'), 'python'):
        exec(block, names)
    assert (folder / 'found/vis/scene.jpg').is_file()
    assert set(names['result']['predictions'][0]) == {'labels', 'scores', 'bboxes', 'masks'}
    assert names['bank'].names == ['mug']
    assert len(names['bank']) == 2
    assert names['report'].num_encoded == len(names['index']) == 2
