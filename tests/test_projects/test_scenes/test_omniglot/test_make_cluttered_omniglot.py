import json
import runpy
from pathlib import Path

from projects.scenes.omniglot import make_cluttered_omniglot

TOOL = Path(__file__).parents[4] / 'tools' / 'dataset_converters' / 'make_cluttered_omniglot.py'


def test_tool_writes_what_the_function_writes(make_zip, tmp_path, monkeypatch, capsys):
    archive = make_zip('omniglot.zip', {'Alpha': 8, 'Beta': 2})
    arguments = [
        *('--hold-out', 'Beta', '--num-background', '7', '--num-train', '3', '--num-test', '2'),
        *('--image-size', '64', '--stroke', '1.5', '2', '--size', '0.2', '0.3'),
    ]
    monkeypatch.setattr('sys.argv', [str(TOOL), str(tmp_path / 'tool'), str(archive), *arguments])
    runpy.run_path(str(TOOL), run_name='__main__')
    assert str(tmp_path / 'tool') in capsys.readouterr().out
    root = make_cluttered_omniglot(
        tmp_path / 'function',
        [archive],
        hold_out=['Beta'],
        num_background=7,
        num_train=3,
        num_test=2,
        image_size=64,
        stroke=(1.5, 2),
        size=(0.2, 0.3),
    )
    for name in ('train/annotations.json', 'test/annotations.json', 'one_shot.txt', 'background.txt'):
        assert (tmp_path / 'tool' / name).read_bytes() == (root / name).read_bytes()
    assert len(json.loads((root / 'train' / 'annotations.json').read_text())['images']) == 3
