"""Pure parts of the demo; the whole is run in test_tools."""

import numpy as np

from mmosis.apis.demo import _sheet, _table


def test_sheet_fills_rows() -> None:
    pictures = [np.full((20, width, 3), value, np.uint8) for value, width in enumerate((30, 40, 50))]
    sheet = _sheet(pictures, width=80)
    assert sheet.shape == (40, 80, 3)
    assert (sheet[:20, :30] == 0).all()
    assert (sheet[:20, 30:70] == 1).all()
    assert (sheet[20:, :50] == 2).all()
    assert (sheet[:20, 70:] == 255).all()


def test_sheet_is_as_wide_as_its_widest_picture() -> None:
    assert _sheet([np.zeros((4, 9, 3), np.uint8), np.zeros((4, 30, 3), np.uint8)], width=10).shape == (8, 30, 3)


def test_table_is_in_percent() -> None:
    table = _table({'one-shot categories': dict(box=0.4567, mask=0.4)})
    assert '| one-shot categories | 45.7 | 40.0 |' in table
