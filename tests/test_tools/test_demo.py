"""Parts of the demo; a complete one is run in test_tools."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from tools import demo
from tools.demo import _sheet, _table


def test_sheet_fills_rows() -> None:
    images = [np.full((20, width, 3), value, np.uint8) for value, width in enumerate((30, 40, 50))]
    sheet = _sheet(images, width=80)
    assert sheet.shape == (40, 80, 3)
    assert (sheet[:20, :30] == 0).all()
    assert (sheet[:20, 30:70] == 1).all()
    assert (sheet[20:, :50] == 2).all()
    assert (sheet[:20, 70:] == 255).all()


def test_sheet_is_as_wide_as_its_widest_image() -> None:
    assert _sheet([np.zeros((4, 9, 3), np.uint8), np.zeros((4, 30, 3), np.uint8)], width=10).shape == (8, 30, 3)


def test_table_is_in_percent() -> None:
    table = _table({'one-shot categories': dict(box=0.4567, mask=0.4)})
    assert '| one-shot categories | 45.7 | 40.0 |' in table


def test_the_table_is_written_before_the_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    figures = dict(box=0.5, mask=0.25)
    monkeypatch.setattr(demo, 'use_coco_folder', lambda *_: None)
    monkeypatch.setattr(demo, 'run_training', lambda _: 'iter_1.pth')
    monkeypatch.setattr(demo, 'run_phase_tests', lambda *_: dict.fromkeys(demo.TESTED_PHASES, figures))
    monkeypatch.setattr(demo, 'make_test_config', lambda *_, **__: None)
    monkeypatch.setattr(demo, '_test_random', lambda _: figures)
    monkeypatch.setattr(demo, '_draw_gallery', fail)
    with pytest.raises(ZeroDivisionError):
        demo.run_demo(Config(dict(work_dir=str(tmp_path), train_dataloader=dict(dataset=dict(split=None)))), 'data')
    assert '| one-shot categories                 | 50.0 | 25.0 |' in (tmp_path / 'table.txt').read_text()
