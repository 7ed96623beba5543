import json
import runpy
from pathlib import Path

import pytest

from projects.scenes.synthetic import make_scenes

TOOL = Path(__file__).parents[4] / 'tools' / 'dataset_converters' / 'make_synthetic.py'


def test_tool_writes_what_the_function_writes(tmp_path, monkeypatch, capsys):
    arguments = ['--num-images', '3', '--seed', '5', '--image-size', '64']
    monkeypatch.setattr('sys.argv', [str(TOOL), str(tmp_path / 'tool'), *arguments])
    runpy.run_path(str(TOOL), run_name='__main__')
    ann_file = tmp_path / 'tool' / 'annotations.json'
    assert str(ann_file) in capsys.readouterr().out
    assert ann_file.read_bytes() == make_scenes(tmp_path / 'function', 3, seed=5, image_size=64).read_bytes()
    assert {image['width'] for image in json.loads(ann_file.read_text())['images']} == {64}


def test_tool_writes_what_a_config_describes(tmp_path, monkeypatch):
    config = tmp_path / 'config.py'
    scenes = {
        name: dict(out_dir=str(tmp_path / name), num_images=2, seed=seed, image_size=64)
        for seed, name in enumerate('ab')
    }
    config.write_text(f'scenes = {scenes}')
    monkeypatch.setattr('sys.argv', [str(TOOL), '--config', str(config)])
    runpy.run_path(str(TOOL), run_name='__main__')
    for name, settings in scenes.items():
        expected = make_scenes(**dict(settings, out_dir=tmp_path / 'function' / name))
        assert (tmp_path / name / 'annotations.json').read_bytes() == expected.read_bytes()


@pytest.mark.parametrize('arguments', [[], ['data', '--config', 'a.py']])
def test_tool_must_know_what_to_write(arguments, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', [str(TOOL), *arguments])
    with pytest.raises(SystemExit):
        runpy.run_path(str(TOOL), run_name='__main__')
    assert 'give either a folder to write or a config' in capsys.readouterr().err
