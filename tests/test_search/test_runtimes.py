"""Which runtime searches."""

import re
from pathlib import Path

import pytest
from search_model import CONFIG

from mmosis.search import LightInferencer, OneShotInferencer, make_inferencer, runtimes
from mmosis.search.model_zoo import find_exported, is_exported

LITE, POCKET = 'siamese_mask_rcnn_lite', 'siamese_mask_rcnn_pocket'


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list:
    """Notes what is made, and makes nothing."""
    calls = []
    for cls in (OneShotInferencer, LightInferencer):
        monkeypatch.setattr(cls, '__init__', lambda self, *args, **kwargs: calls.append((type(self), args, kwargs)))
    return calls


@pytest.mark.parametrize(
    ('asked', 'expected'),
    [
        ({}, LightInferencer),
        (dict(image_scale=256), LightInferencer),
        (dict(runtime='torch'), OneShotInferencer),
        (dict(device='cpu'), LightInferencer),
        (dict(device='auto'), LightInferencer),
        (dict(device='cuda'), OneShotInferencer),
        (dict(runtime='torch', device='cpu'), OneShotInferencer),
        (dict(runtime='onnx', device='cpu'), LightInferencer),
        (dict(precision='bf16'), OneShotInferencer),
        (dict(model='configs/lite/siamese_mask_rcnn_lite.py', weights='a.pth'), OneShotInferencer),
        (dict(model=POCKET), OneShotInferencer),
        (dict(model=POCKET, runtime='onnx'), LightInferencer),
    ],
)
def test_the_light_one_where_it_can_do_what_is_asked(asked: dict, expected: type, made: list) -> None:
    assert type(make_inferencer(**asked)) is expected
    assert len(made) == 1


def test_without_onnxruntime_torch_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, 'find_spec', lambda name: None if name == 'onnxruntime' else name)
    assert type(make_inferencer()) is OneShotInferencer
    with pytest.raises(
        ImportError, match=r"runs on onnx, and onnxruntime is not installed: pip install -e '\.\[light\]'"
    ):
        make_inferencer(runtime='onnx')


@pytest.mark.parametrize(
    ('asked', 'message'),
    [
        (dict(device='cuda'), 'device can be given to torch alone, and mmdet is not installed: pip install -e'),
        (dict(weights='a.pth', precision='bf16'), 'weights, precision can be given to torch alone, and mmdet is not'),
        (dict(model=POCKET), f'model {POCKET} is not exported, so it runs on torch, and mmdet is not installed'),
        (dict(model=str(CONFIG)), 'is not exported, so it runs on torch, and mmdet is not installed: pip install -e'),
        (dict(runtime='torch'), 'this search runs on torch, and mmdet is not installed: pip install -e'),
    ],
)
def test_without_torch_it_is_told_what_needs_it(asked: dict, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, 'find_spec', lambda name: None if name == 'mmdet' else name)
    for device in ({}, dict(device='cpu'), dict(device='auto')):
        assert type(make_inferencer(**device)) is LightInferencer
    with pytest.raises(ImportError, match=message):
        make_inferencer(**asked)


@pytest.mark.parametrize('installed', [('mmdet', 'onnxruntime'), ('mmdet',), ('onnxruntime',)])
def test_a_misspelt_model_is_told_by_any_runtime(installed: tuple, monkeypatch: pytest.MonkeyPatch, made: list) -> None:
    monkeypatch.setattr(runtimes, 'find_spec', lambda name: name if name in installed else None)
    for name, rest in (('siamese_mask_rcnn_lit', f'mmosis: did you mean {LITE}? It'), ('xyz', 'mmosis. It')):
        message = f'there is no config file or folder {name}, and no model of that name comes with {rest} has {LITE}, '
        for runtime in (None, 'torch', 'onnx'):
            with pytest.raises(ValueError, match=re.escape(message + POCKET)):
                make_inferencer(name, runtime=runtime)
    assert not made


def test_the_device_auto_is_none(made: list) -> None:
    make_inferencer(device='auto', runtime='torch')
    assert made[0][1][2] is None


def test_onnx_runtime_has_no_device(made: list) -> None:
    with pytest.raises(ValueError, match='device, precision can be given to torch alone; omit it, or'):
        make_inferencer(runtime='onnx', device='cuda', precision='bf16')
    assert not made


def test_exported_models_are_found(tmp_path: Path) -> None:
    assert is_exported(LITE)
    assert not is_exported('siamese_mask_rcnn_pocket')
    assert find_exported(LITE).name == LITE
    assert find_exported(tmp_path) == tmp_path
    with pytest.raises(ValueError, match=f'no exported model other comes with mmosis; it has {LITE}. Of other models'):
        find_exported('other')


def test_a_runtime_that_is_none() -> None:
    with pytest.raises(ValueError, match="runtime must be one of torch, onnx, got 'tensorrt'"):
        make_inferencer(runtime='tensorrt')
