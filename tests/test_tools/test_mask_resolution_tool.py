import runpy
from pathlib import Path

from projects.scenes.synthetic import make_scenes

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'mask_resolution.py'


def test_tool_prints_a_row_for_each_size(tmp_path, monkeypatch, capsys):
    ann_file = make_scenes(tmp_path, 4, seed=0, image_size=64)
    capsys.readouterr()
    monkeypatch.setattr('sys.argv', [str(TOOL), str(ann_file), '--mask-sizes', '7', '28', '--image-scale', '32', '32'])
    runpy.run_path(str(TOOL), run_name='__main__')
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in capsys.readouterr().out.splitlines()]
    rows = {row[0]: row[1:] for row in cells if len(row) == 3}
    assert list(rows) == ['mask size', '7', '28']
    assert 0 < float(rows['7'][0]) < float(rows['28'][0]) <= 100
    assert 0 <= float(rows['7'][1]) <= 100
