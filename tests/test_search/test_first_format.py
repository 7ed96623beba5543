"""Reference banks and exported models of the first format: they are read, without the region that no head read."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from mmosis.search import LightInferencer, OneShotInferencer, ReferenceBank
from mmosis.search.first_format import count_kept, is_read
from mmosis.search.model_zoo import find_exported
from mmosis.search.onnx import onnx_detector

onnx = pytest.importorskip('onnx')
helper = onnx.helper

KEPT = [(96,)] * 4 + [(120,), (352,)]
REGION = (96, 7, 7)


@pytest.fixture(scope='module')
def inferencer() -> OneShotInferencer:
    return OneShotInferencer(device='cpu', show_progress=False)


@pytest.fixture(scope='module')
def references() -> list[dict]:
    y, x = np.mgrid[:64, :64]
    img = np.stack([x * 4, y * 4, ((x // 8 + y // 8) % 2) * 255], axis=-1).astype(np.uint8)
    return [dict(img=img, name='board', bbox=(8, 8, 48, 56)), dict(img=img[::-1].copy(), name='other')]


@pytest.fixture(scope='module')
def bank(inferencer: OneShotInferencer, references: list, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank as the first format has it: its region comes last."""
    path = tmp_path_factory.mktemp('first') / 'bank.safetensors'
    inferencer.encode(references).save(path)
    with safe_open(path, 'np') as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no dict
        metadata = dict(file.metadata(), format='mmosis reference bank 1')
    save_file({**tensors, f'encoded.{len(KEPT)}': np.ones((2, *REGION), np.float32)}, path, metadata)
    return path


@pytest.fixture(scope='module')
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model as the first format has it: queries by number, and a region that ``detect`` does not read."""
    folder = tmp_path_factory.mktemp('first') / 'exported'
    shutil.copytree(find_exported(), folder)
    spec = json.loads((folder / 'model.json').read_text())
    (folder / 'model.json').write_text(json.dumps(dict(spec, format=1)))
    number = len(KEPT)
    for name in ('references', 'detect'):
        model = onnx.load(folder / f'{name}.onnx')
        names = [each.name for each in (*model.graph.input, *model.graph.output) if each.name.startswith('query.')]
        _rename(model.graph, {each: f'query{i}' for i, each in enumerate(names)})
        region = helper.make_tensor_value_info(f'query{number}', onnx.TensorProto.FLOAT, ['n', *REGION])
        if name == 'references':
            model.graph.node.extend(_region_nodes(region.name))
            model.graph.initializer.append(
                helper.make_tensor('region_shape', onnx.TensorProto.INT64, [4], [1, *REGION])
            )
            model.graph.output.append(region)
        else:
            *inputs, img_shape = model.graph.input
            del model.graph.input[:]
            model.graph.input.extend([*inputs, region, img_shape])
        onnx.save(model, folder / f'{name}.onnx')
    return folder


def _rename(graph: 'onnx.GraphProto', names: dict[str, str]) -> None:
    for each in (*graph.input, *graph.output):
        each.name = names.get(each.name, each.name)
    for node in graph.node:
        for ends in (node.input, node.output):
            ends[:] = [names.get(end, end) for end in ends]


def _region_nodes(name: str) -> list['onnx.NodeProto']:
    """Nodes that make a region out of the means of the finest level."""
    return [
        helper.make_node('GlobalAveragePool', ['level0'], ['region_mean']),
        helper.make_node('Expand', ['region_mean', 'region_shape'], [name]),
    ]


@pytest.mark.parametrize(
    ('shapes', 'kept'),
    [
        ([*KEPT, (96, 7, 7)], 6),
        (KEPT, 6),
        ([(8,)] * 4, 4),
        ([(8,)] * 4 + [(8, 7, 7)], 5),
        ([(9, 8, 8)] * 4 + [(8, 7, 7)], 5),
        ([(8, 7, 7)] * 2 + [(1, 7, 7)] * 2 + [(8, 7, 7)], 5),
        ([(8, 7, 7)], 1),
    ],
    ids=['semantic', 'none', 'vectors', 'relation', 'co-excitation', 'cross-attention', 'one'],
)
def test_the_last_of_vectors_of_several_sizes_and_a_region_is_not_kept(shapes: Sequence[tuple], kept: int) -> None:
    assert count_kept(shapes) == kept


def test_inputs_that_a_graph_reads_and_one_that_it_does_not(exported: Path) -> None:
    assert [is_read(exported / 'detect.onnx', f'query{i}') for i in range(7)] == [True] * 6 + [False]


def test_a_bank_is_what_its_pictures_are_encoded_to(
    inferencer: OneShotInferencer, references: list, bank: Path
) -> None:
    old, new = ReferenceBank.load(bank), inferencer.encode(references)
    assert [array.shape[1:] for array in old.encoded] == KEPT
    assert (old.fingerprint, old.names) == (new.fingerprint, ['board', 'other'])
    for array, other in zip(old.encoded, new.encoded, strict=True):
        np.testing.assert_array_equal(array, other)


def test_it_joins_a_new_one_and_is_written_in_the_new_format(
    inferencer: OneShotInferencer, references: list, bank: Path, tmp_path: Path
) -> None:
    joined = ReferenceBank.load(bank).add(inferencer.encode(dict(references[0], name='third')))
    joined.save(tmp_path / 'bank')
    with safe_open(tmp_path / 'bank', 'np') as file:
        assert file.metadata()['format'] == 'mmosis reference bank 2'
    again = ReferenceBank.load(tmp_path / 'bank')
    assert again.names == ['board', 'other', 'third']
    assert [array.shape[1:] for array in again.encoded] == KEPT


def test_a_region_in_the_new_format_is_kept(bank: Path, tmp_path: Path) -> None:
    old = ReferenceBank.load(bank)
    region = np.ones((2, *REGION), np.float32)
    ReferenceBank(old.entries, old.thumbnails, [*old.encoded, region], old.fingerprint).save(tmp_path / 'bank')
    assert len(ReferenceBank.load(tmp_path / 'bank').encoded) == 7


def test_an_exported_model_finds_what_the_model_finds(
    inferencer: OneShotInferencer, references: list, exported: Path, bank: Path
) -> None:
    light = LightInferencer(exported, show_progress=False, num_threads=1)
    assert [array.shape[1:] for array in light.encode(references).encoded] == KEPT
    image = references[0]['img']
    expected = inferencer.search(image, inferencer.encode(references))
    for queries in (ReferenceBank.load(bank), light.encode(references)):
        found = light.search(image, queries)
        assert len(found) == len(expected) > 0
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)


def test_an_exported_model_keeps_what_its_graph_reads(
    references: list, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_detector, 'is_read', lambda *_: True)
    reading = LightInferencer(exported, show_progress=False, num_threads=1)
    assert [array.shape[1:] for array in reading.encode(references).encoded] == [*KEPT, REGION]
