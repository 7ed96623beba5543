"""Exported detectors find what theirs find; what cannot be exported is refused."""

import json
import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from deployment_models import POCKET, PUBLISHED, SMALL, make_inferencer
from tools_runner import run
from torch import nn

onnx = pytest.importorskip('onnx')
pytest.importorskip('mmosis.utils.onnx_runtime')

from mmosis.deployment import check, export, export_onnx  # noqa: E402
from mmosis.deployment.half_precision import halve_weights  # noqa: E402
from mmosis.deployment.tracing import write_graph  # noqa: E402
from mmosis.search.onnx.onnx_detector import OnnxDetector  # noqa: E402

LITE = 'lite/siamese_mask_rcnn_lite'
LITE_WEIGHTS = 'mmosis/weights/siamese_mask_rcnn_lite.pth'


@pytest.fixture(scope='module')
def exported(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[list[check.Parity], Path]]:
    """Export a detector, each once."""

    @cache
    def make(name: str) -> tuple[list[check.Parity], Path]:
        folder = tmp_path_factory.mktemp('exported')
        return export_onnx(make_inferencer(name, folder), folder / 'out'), folder / 'out'

    return make


@pytest.fixture(scope='module')
def pocket(tmp_path_factory: pytest.TempPathFactory):
    return make_inferencer(POCKET, tmp_path_factory.mktemp('pocket'))


@pytest.fixture
def quick_export(exported: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graphs of the pocket model are not traced anew."""
    _, graphs = exported(POCKET)
    monkeypatch.setattr(export, '_write', lambda _, folder, __: shutil.copytree(graphs, folder, dirs_exist_ok=True))


@pytest.mark.parametrize('name', SMALL)
def test_it_finds_the_same(name: str, exported: Callable) -> None:
    parities, out = exported(name)
    assert [parity.img_shape for parity in parities] == list(check.SIZES)
    for parity in parities:
        assert parity.num_detections > 0
        assert parity.box_difference < 1e-2
        assert parity.score_difference < 1e-4
    assert sorted(file.name for file in out.iterdir()) == [
        'detect.onnx',
        'features.onnx',
        'model.json',
        'references.onnx',
        *([] if 'co_excitation' in name or 'cross_attention' in name else ['regions.safetensors']),
    ]


def test_the_tool_keeps_the_half_precision_of_the_default_model(tmp_path: Path) -> None:
    printed = run('tools/deployment/export_onnx.py', f'configs/{LITE}.py', LITE_WEIGHTS, tmp_path / 'out')
    assert re.search(r'60x90 \(h x w\): \d+ detections in both, boxes differ by up to \S+ pixels', printed)
    assert float(re.search(r'out: (\S+) MB', printed)[1]) < 17
    spec = json.loads((tmp_path / 'out' / 'model.json').read_text())
    assert spec['name'] == Path(LITE).name
    assert spec['search']['object_size'] == 80
    assert spec['image'] == dict(bgr_to_rgb=True, mean=[127.0] * 3, std=[128.0] * 3, pad_size_divisor=32, pad_value=0)
    assert spec['reference']['size'] == [192, 192]
    assert [step['type'] for step in spec['ref_pipeline']] == ['CropReference', 'ResizeReference', 'PackReference']
    assert spec['masks'] == dict(paste='bilinear', threshold=0.45)
    assert spec['window'] is False


def test_any_number_of_detections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traced, trace, methods = [], torch.jit.trace, dict(vars(torch.Tensor))

    def watched_trace(*args, **settings):
        traced.append(dict(vars(torch.Tensor)) == methods)
        return trace(*args, **settings)

    monkeypatch.setattr(torch.jit, 'trace', watched_trace)
    parities = export_onnx(make_inferencer(POCKET, tmp_path, score_thr=0.999), tmp_path / 'out', name='mine')
    assert traced == [True] * 3  # no method of tensors is exchanged meanwhile
    assert [parity.num_detections for parity in parities] == [0, 0]
    detector = OnnxDetector(tmp_path / 'out', num_threads=1)
    assert detector.spec['name'] == 'mine'
    pixels = np.zeros((1, 3, 64, 64), np.uint8)
    query = detector.encode_references(np.zeros((1, 3, 96, 96), np.uint8))
    found = detector.detect(detector.encode_images(pixels), query, (64, 64))
    assert {name: array.shape for name, array in found.items()} == dict(bboxes=(0, 4), scores=(0,), masks=(0, 28, 28))


def test_published_references_are_not_centred(exported: Callable) -> None:
    _, out = exported(PUBLISHED)
    spec = OnnxDetector(out, num_threads=1).spec
    assert spec['name'] == Path(PUBLISHED).name
    assert spec['window'] is True
    assert spec['reference'] == dict(bgr_to_rgb=True, mean=[0.0] * 3, std=[1.0] * 3, size=[192, 192])
    assert spec['masks'] == dict(paste='whole_pixels', threshold=0.5, anti_aliasing=False)


def test_a_folder_that_is_there_stays(pocket, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match='is there already; give another folder or remove it'):
        export_onnx(pocket, tmp_path)


@pytest.mark.usefixtures('quick_export')
@pytest.mark.parametrize(
    ('limit', 'value', 'message'),
    [
        ('MAX_BOX_DIFFERENCE', -1, 'boxes differ by up to .* on an image of 176x232'),
        ('MAX_SCORE_DIFFERENCE', -1, 'scores differ by up to .* is rounding'),
        ('MAX_MASK_DIFFERENCE', -1, 'masks differ by up to'),
    ],
)
def test_what_differs_is_an_error_and_nothing_is_left(pocket, tmp_path, monkeypatch, limit, value, message) -> None:
    monkeypatch.setattr(check, limit, value)
    with pytest.raises(ValueError, match=f'the exported model is not the same: {message}'):
        export_onnx(pocket, tmp_path / 'out')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures('quick_export')
def test_another_number_of_detections_is_an_error(pocket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = check._search_by_onnx
    monkeypatch.setattr(
        check, '_search_by_onnx', lambda *args: {key: values[1:] for key, values in search(*args).items()}
    )
    with pytest.raises(ValueError, match=r'\d+ detections in place of \d+ on an image of 176x232 \(h x w\)'):
        export_onnx(pocket, tmp_path / 'out')


def test_settings_that_onnx_does_not_know_are_refused(pocket, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(pocket.model.rpn_head.test_cfg.nms, 'type', 'soft_nms')
    with pytest.raises(ValueError, match="rpn_head has nms of type 'soft_nms', ONNX knows 'nms' alone"):
        export_onnx(pocket, tmp_path / 'out')
    monkeypatch.setattr('mmosis.deployment.export.RPNHead', type('Another', (), {}))
    with pytest.raises(ValueError, match='a detector with a RPNHead cannot be exported'):
        export_onnx(pocket, tmp_path / 'out')
    monkeypatch.setattr(pocket, 'precision', 'bf16')
    with pytest.raises(ValueError, match='exported on the CPU in fp32, got cpu in bf16'):
        export_onnx(pocket, tmp_path / 'out')


def test_another_rule_for_references_is_refused(pocket, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pocket.model.data_preprocessor, 'normalise_references', lambda pixels: pixels / 2)
    with pytest.raises(ValueError, match='OneShotDataPreprocessor normalises references neither as images nor not'):
        export_onnx(pocket, tmp_path / 'out')


class Unknown(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.bessel_j0(x)


def test_an_operator_that_onnx_does_not_know_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'detect.onnx cannot be made of this model: .*bessel_j0'):
        write_graph(Unknown(), dict(x=torch.ones(3)), ['y'], {}, tmp_path / 'detect.onnx')


class Partial(nn.Module):
    def forward(self, x: torch.Tensor, unread: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x + y


def test_inputs_that_nothing_reads_are_taken_too(tmp_path: Path) -> None:
    inputs = dict(x=torch.ones(3), unread=torch.ones(2, 4, dtype=torch.int64), y=torch.ones(3))
    write_graph(Partial(), inputs, ['sum'], dict(x=[0], unread=[1]), tmp_path / 'graph.onnx')
    given = onnx.load(tmp_path / 'graph.onnx').graph.input
    assert [each.name for each in given] == ['x', 'unread', 'y']
    tensor_type = given[1].type.tensor_type
    assert tensor_type.elem_type == onnx.TensorProto.INT64
    assert [dim.dim_param or dim.dim_value for dim in tensor_type.shape.dim] == [2, 'unread_1']


def test_weights_are_halved_where_that_is_exact(tmp_path: Path) -> None:
    layers = nn.Sequential(nn.Linear(32, 32, bias=False), nn.Linear(32, 32, bias=False))
    layers[0].weight.data = layers[0].weight.data.half().float()
    x = torch.rand(2, 32)
    write_graph(layers, dict(x=x), ['y'], {'x': [0], 'y': [0]}, tmp_path / 'layers.onnx')
    halve_weights(tmp_path / 'layers.onnx')
    model = onnx.load(tmp_path / 'layers.onnx')
    types = [weight.data_type for weight in model.graph.initializer]
    assert sorted(types) == [onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16]
    onnx.checker.check_model(model)
