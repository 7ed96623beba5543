"""The Python block of the README runs, and writes what it says."""

import json
import re
import shutil
from pathlib import Path

import cv2
import pytest
from pages import ROOT, blocks, read


def test_the_search_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    photograph = ROOT / 'mmosis/web/page/photographs/pizza.jpg'
    shutil.copy(photograph, tmp_path / 'scene.jpg')
    cv2.imwrite(str(tmp_path / 'mug.jpg'), cv2.imread(str(photograph))[147:198, 287:381])
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(blocks(read('README.md'), 'python')[0], names)
    (prediction,) = names['result']['predictions']
    number = len(prediction['scores'])
    assert number > 0
    assert re.search(
        rf'1 image: {number} objects? \({number} mug\), scores 0\.\d\d-0\.\d\d$', capsys.readouterr().out.strip()
    )
    assert cv2.imread('found/vis/scene.jpg') is not None
    assert json.loads(Path('found/preds/scene.json').read_text()) == prediction
