"""Which runtime searches."""

from pathlib import Path

import pytest

from mmosis.search import LightInferencer, OneShotInferencer, make_inferencer, runtimes
from mmosis.search.model_zoo import find_exported, is_exported

LITE = 'siamese_mask_rcnn_lite'


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
        (dict(device='cpu'), OneShotInferencer),
        (dict(precision='bf16'), OneShotInferencer),
        (dict(model='configs/lite/siamese_mask_rcnn_lite.py', weights='a.pth'), OneShotInferencer),
        (dict(model='some_model'), OneShotInferencer),
        (dict(model='some_model', runtime='onnx'), LightInferencer),
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


def test_onnx_runtime_has_no_device(made: list) -> None:
    with pytest.raises(ValueError, match='device, precision can be given to torch alone; leave it out, or'):
        make_inferencer(runtime='onnx', device='cuda', precision='bf16')
    assert not made


def test_exported_models_are_found(tmp_path: Path) -> None:
    assert is_exported(LITE)
    assert not is_exported('siamese_mask_rcnn_pocket')
    assert find_exported(LITE).name == LITE
    assert find_exported(tmp_path) == tmp_path
    with pytest.raises(ValueError, match=f'no exported model other comes with mmosis; it has {LITE}. Of other models'):
        find_exported('other')
