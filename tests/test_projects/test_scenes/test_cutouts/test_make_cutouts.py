import runpy
from pathlib import Path

import pytest
from mmengine.config import Config

from projects.scenes.cutouts import ComposeConfig, compose_scenes

ROOT = Path(__file__).parents[4]
TOOL = ROOT / 'tools' / 'dataset_converters' / 'make_cutouts.py'


def _run(monkeypatch, *arguments):
    monkeypatch.setattr('sys.argv', [str(TOOL), *map(str, arguments)])
    runpy.run_path(str(TOOL), run_name='__main__')


def test_tool_writes_what_the_function_writes(photographs, icons, tmp_path, monkeypatch, capsys):
    folders = ['--each-a-kind', photographs, '--alpha', icons, '--exclude', 'a_*', 'opaque']
    _run(monkeypatch, tmp_path / 'tool', *folders, '--num-images', '3', '--seed', '5', '--image-size', '64')
    ann_file = tmp_path / 'tool' / 'annotations.json'
    assert str(ann_file) in capsys.readouterr().out
    sources = [dict(folder=str(photographs), each_a_kind=True), dict(folder=str(icons), type='alpha')]
    sources = [dict(source, exclude=['a_*', 'opaque']) for source in sources]
    expected = compose_scenes(tmp_path / 'function', sources, 3, seed=5, image_size=64)
    assert ann_file.read_bytes() == expected.read_bytes()


def test_tool_holds_a_split_out(photographs, tmp_path, monkeypatch):
    _run(monkeypatch, tmp_path / 'tool', '--coco', photographs, '--split', '2', '--num-images', '1')
    expected = compose_scenes(tmp_path / 'function', [dict(folder=str(photographs), split=2)], 1, seed=0)
    assert (tmp_path / 'tool' / 'annotations.json').read_bytes() == expected.read_bytes()


def test_tool_writes_what_a_config_describes(photographs, tmp_path, monkeypatch, capsys):
    settings = dict(sources=[dict(folder=str(photographs))], num_images=2, image_size=64)
    composed = {name: dict(settings, out_dir=str(tmp_path / name), seed=seed) for seed, name in enumerate('ab')}
    (tmp_path / 'config.py').write_text(f'composed = {composed}')
    with pytest.raises(SystemExit):
        _run(monkeypatch, '--config', tmp_path / 'config.py', '--only', 'b', 'c', 'd')
    assert capsys.readouterr().err.endswith('config.py composes no c, d but a, b\n')
    _run(monkeypatch, '--config', tmp_path / 'config.py', '--only', 'b')
    assert not (tmp_path / 'a').exists()
    _run(monkeypatch, '--config', tmp_path / 'config.py')
    first, second = ((tmp_path / name / 'images' / '000001.jpg').read_bytes() for name in 'ab')
    assert first != second


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ([], 'give either a folder to write or a config'),
        (['out', '--config', 'a.py'], 'give either a folder to write or a config'),
        (['out', '--alpha', 'icons'], 'give a folder of photographs in COCO format'),
    ],
)
def test_tool_must_know_what_to_write(arguments, message, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        _run(monkeypatch, *arguments)
    assert message in capsys.readouterr().err


def test_our_config_names_settings_that_there_are(photographs):
    composed = Config.fromfile(ROOT / 'configs/_base_/datasets/composed_scenes.py').composed
    assert {name: len(entry.sources) for name, entry in composed.items()} == dict(all=8, crowds=8, s1=2, calibration=8)
    for entry in composed.values():
        ComposeConfig(**{key: value for key, value in entry.items() if key in ComposeConfig.__dataclass_fields__})
    assert composed.s1.sources[0].split == 1
