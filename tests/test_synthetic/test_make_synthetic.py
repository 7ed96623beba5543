import json
import runpy
from pathlib import Path

from mmosis.synthetic import make_scenes

TOOL = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'make_synthetic.py'


def test_tool_writes_what_the_function_writes(tmp_path, monkeypatch, capsys):
    arguments = ['--num-images', '3', '--seed', '5', '--image-size', '64']
    monkeypatch.setattr('sys.argv', [str(TOOL), str(tmp_path / 'tool'), *arguments])
    runpy.run_path(str(TOOL), run_name='__main__')
    ann_file = tmp_path / 'tool' / 'annotations.json'
    assert str(ann_file) in capsys.readouterr().out
    assert ann_file.read_bytes() == make_scenes(tmp_path / 'function', 3, seed=5, image_size=64).read_bytes()
    assert {image['width'] for image in json.loads(ann_file.read_text())['images']} == {64}
