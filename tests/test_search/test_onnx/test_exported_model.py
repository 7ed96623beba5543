"""Folders of exported models that are damaged: reported in one line, with what to do, before anything is searched."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save

from mmosis.cli import main
from mmosis.search import LightInferencer
from mmosis.search.model_zoo import find_exported
from mmosis.utils.errors import DamagedError

GRAPHS = ('features.onnx', 'references.onnx', 'detect.onnx')
MESSAGE = r'^{} is a damaged exported model \(.*{}.*\); export it again by tools/deployment/export_onnx.py, or install'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The default model, its files linked; to change one, write it anew."""
    (tmp_path / 'model').mkdir()
    for path in find_exported().iterdir():
        os.symlink(path, tmp_path / 'model' / path.name)
    return tmp_path / 'model'


@pytest.fixture
def refuse(folder: Path) -> Callable[[str], None]:
    def refuse(reason: str) -> None:
        with pytest.raises(DamagedError, match=MESSAGE.format(folder, reason)) as caught:
            _ = LightInferencer(folder).regions
        assert '\n' not in str(caught.value)

    return refuse


def write(path: Path, content: bytes | str) -> None:
    path.unlink()
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def test_a_valid_one(folder: Path) -> None:
    assert LightInferencer(folder).regions.layers


@pytest.mark.parametrize('name', GRAPHS)
@pytest.mark.parametrize('fraction', [0, 0.001, 0.5, 0.9999])
def test_a_graph_that_is_cut_off(name: str, fraction: float, folder: Path, refuse: Callable) -> None:
    content = (folder / name).read_bytes()
    write(folder / name, content[: int(fraction * len(content))])
    refuse(name)


@pytest.mark.parametrize('name', ['model.json', *GRAPHS])
def test_a_file_that_is_missing(name: str, folder: Path, refuse: Callable) -> None:
    (folder / name).unlink()
    refuse(f'{name} missing')


@pytest.mark.parametrize(
    ('one', 'other', 'reason'),
    [
        ('features.onnx', 'detect.onnx', r'features.onnx takes level0 \[.*\], and no graph before gives it'),
        ('features.onnx', 'references.onnx', r'features.onnx takes level0 \[.*\], and no graph before gives it'),
        (
            'references.onnx',
            'detect.onnx',
            r'references.onnx takes query.vectors.0 \[.*\], and no graph before gives it',
        ),
    ],
)
def test_graphs_in_each_others_place(one: str, other: str, reason: str, folder: Path, refuse: Callable) -> None:
    contents = [(folder / name).read_bytes() for name in (one, other)]
    write(folder / other, contents[0])
    write(folder / one, contents[1])
    refuse(reason)


def test_a_graph_in_all_places(folder: Path, refuse: Callable) -> None:
    for name in GRAPHS[1:]:
        write(folder / name, (folder / GRAPHS[0]).read_bytes())
    refuse('no graph gives bboxes, scores, a query')


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ('', 'model.json is no JSON: Expecting value'),
        (b'\xff\xfe', 'model.json is no JSON: '),
        ('[' * 100_000, 'model.json is no JSON: maximum recursion'),
        ('[]', 'model.json has no settings, but list'),
        ('{"format": 1}', 'model.json: Object missing required field `fingerprint`'),
    ],
)
def test_settings_that_are_none(content: str | bytes, reason: str, folder: Path, refuse: Callable) -> None:
    write(folder / 'model.json', content)
    refuse(reason)


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        (dict(image=[]), r'model.json: Expected `object`, got `array` - at `\$.image`'),
        (dict(reference={}), r'model.json: Object missing required field `bgr_to_rgb` - at `\$.reference`'),
        (dict(pipeline='Resize'), r'model.json: Expected `array`, got `str` - at `\$.pipeline`'),
        (dict(ref_pipeline=['CropReference']), r'model.json: .* - at `\$.ref_pipeline\[0\]`'),
        (dict(ref_pipeline=[{}]), r'model.json: Object missing required field `type` - at `\$.ref_pipeline\[0\]`'),
        (dict(nms_iou_threshold='0.5'), r'model.json: Expected `float`, got `str` - at `\$.nms_iou_threshold`'),
        (dict(masks={}), r'model.json: Object missing required field `paste` - at `\$.masks`'),
        (dict(window=None), r'model.json: Expected `bool`, got `null` - at `\$.window`'),
    ],
)
def test_settings_of_another_type(changes: dict, reason: str, folder: Path, refuse: Callable) -> None:
    spec = json.loads((folder / 'model.json').read_text())
    write(folder / 'model.json', json.dumps(spec | changes))
    refuse(reason)


def test_numbers_of_another_count(folder: Path, refuse: Callable) -> None:
    spec = json.loads((folder / 'model.json').read_text())
    for part, key, value in (('image', 'mean', [1, 2]), ('image', 'std', ['a'] * 3), ('reference', 'size', [192])):
        write(folder / 'model.json', json.dumps(spec | {part: spec[part] | {key: value}}))
        refuse(rf'model.json: Expected .* - at `\$\.{part}\.{key}')


@pytest.mark.parametrize(
    ('part', 'key', 'value'),
    [
        ('image', 'pad_size_divisor', 0),
        ('image', 'std', [1, 0, 1]),
        ('reference', 'std', [1, 1, -1]),
        ('', 'nms_iou_threshold', -5),
        ('', 'nms_iou_threshold', float('nan')),
    ],
)
def test_numbers_out_of_range(part: str, key: str, value: object, folder: Path, refuse: Callable) -> None:
    spec = json.loads((folder / 'model.json').read_text())
    (spec[part] if part else spec)[key] = value
    write(folder / 'model.json', json.dumps(spec))
    refuse(rf'model.json: Expected .* - at `\$\.{part}{"." if part else ""}{key}')


@pytest.mark.parametrize(
    'search', [dict(sides=['x', 'y']), dict(sides=1), dict(calibration='x'), dict(region_size='x')]
)
def test_settings_of_searches_of_another_type(search: dict, folder: Path, refuse: Callable) -> None:
    spec = json.loads((folder / 'model.json').read_text())
    write(folder / 'model.json', json.dumps(spec | dict(search=search)))
    refuse('search in model.json: ')


def test_a_graph_that_fails_as_it_runs(folder: Path) -> None:
    """Damaged weights may load."""
    model = LightInferencer(folder)
    blank = np.zeros((32, 32, 3), np.uint8)
    bank = model.encode(blank)
    model.detector._graphs['detect'] = SimpleNamespace(
        get_inputs=model.detector._graphs['detect'].get_inputs,
        get_outputs=model.detector._graphs['detect'].get_outputs,
        run=model.detector._graphs['references'].run,
    )
    with pytest.raises(DamagedError, match=MESSAGE.format(folder, r'detect.onnx: .*')):
        model.search(blank, bank)


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'short',
        struct.pack('<Q', 2**60) + b'{}',
        save({'weight.0': np.ones((4, 3), np.float16)}),
        save({'weight.x': np.ones((4, 3), np.float16)}),
        save({'weight.0': np.ones((4, 3), np.float16), 'bias.0': np.ones(3, np.float16)}),
        save({'weight.0': np.full((4, 3), np.nan, np.float16), 'bias.0': np.ones(4, np.float16)}),
    ],
)
def test_layers_of_regions(content: bytes, folder: Path, refuse: Callable) -> None:
    write(folder / 'regions.safetensors', content)
    refuse('regions.safetensors: ')


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (folder / 'model.json').unlink()
    words = ['search', str(tmp_path), '--reference', 'none.png', '--out', str(tmp_path / 'out')]
    assert main([*words, '--model', str(folder)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'mmosis: error: {folder} is a damaged exported model (model.json missing); export it')
