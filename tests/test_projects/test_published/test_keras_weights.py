"""Published checkpoints are read by name, checked, and converted or refused."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from published_model import CONFIG, make_tensor, tensor_table, write_h5
from tools_runner import run

from mmosis.compat.checkpoint import load_weights_file
from projects.published.keras_weights import convert_keras, read_keras

TOOL = 'tools/model_converters/keras_to_mmosis.py'


@pytest.fixture(scope='module')
def tensors() -> dict[str, np.ndarray]:
    """Tensors of the right shapes; zeros, but for small ones."""
    return {
        f'{layer}/{weight}': make_tensor(layer, weight, shape) if np.prod(shape) < 40000 else np.zeros(shape, 'f4')
        for _, layer, weight, shape in tensor_table()
    }


@pytest.fixture(scope='module')
def backbone(tensors: dict) -> dict[str, np.ndarray]:
    """Those of the backbone, whose groups are all in one."""
    names = {f'{layer}/{weight}' for path, layer, weight, _ in tensor_table() if path.startswith('resnet_model')}
    return {name: values for name, values in tensors.items() if name in names}


def test_a_model_is_converted_by_name_whatever_the_order(tensors: dict, tmp_path: Path) -> None:
    write_h5(tmp_path / 'model.h5', dict(reversed(tensors.items())))
    assert 'of the model, for configs/published/' in run(TOOL, tmp_path / 'model.h5', tmp_path / 'model.pth')
    checkpoint = load_weights_file(tmp_path / 'model.pth')
    assert checkpoint['meta']['source'] == 'model.h5'
    MODELS.build(Config.fromfile(CONFIG).model).load_state_dict(checkpoint['state_dict'])
    expected = convert_keras(tensors)
    assert all(value.equal(expected[name]) for name, value in checkpoint['state_dict'].items())


def test_a_backbone_starts_the_papers_config(backbone: dict, tmp_path: Path) -> None:
    classifier = {'fc687/kernel': np.zeros((2048, 687), 'f4'), 'fc687/bias': np.zeros(687, 'f4')}
    with h5py.File(tmp_path / 'backbone.h5', 'w') as file:
        for name, values in {**backbone, **classifier}.items():
            layer, weight = name.split('/')
            file[f'model_weights/{layer}/{layer}/{weight}:0'] = values
        file['optimizer_weights/anything:0'] = np.zeros(3)
    assert 'of a backbone' in run(TOOL, tmp_path / 'backbone.h5', tmp_path / 'backbone.pth')
    cfg = Config.fromfile(CONFIG.parents[1] / 'siamese_mask_rcnn_s1.py').model.backbone
    cfg.init_cfg.checkpoint = str(tmp_path / 'backbone.pth')
    model = MODELS.build(cfg)
    model.init_weights()
    norm = model.layer1[0].bn1
    torch.testing.assert_close(norm.weight.detach().numpy(), backbone['bn2a_branch2a/gamma'])
    shifted = backbone['bn2a_branch2a/moving_mean'] - backbone['res2a_branch2a/bias']
    torch.testing.assert_close(norm.running_mean.numpy(), shifted)
    kernel = backbone['res2a_branch2b/kernel']
    torch.testing.assert_close(model.layer1[0].conv2.weight.detach().numpy(), kernel.transpose(3, 2, 0, 1))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda t: t.pop('rpn_class_raw/bias'), 'rpn_class_raw/bias is missing'),
        (
            lambda t: t.update({'mrcnn_class_logits/kernel': np.zeros((1024, 81))}),
            r'must have finite numbers of shape \(1024, 2\), got',
        ),
        (lambda t: t.update({'bn_conv1/beta': np.full(64, np.nan)}), r'bn_conv1/beta must have finite numbers'),
        (lambda t: t.update({'bn_conv1/beta': np.full(64, b'a')}), r'bn_conv1/beta must .* got \|S1 \(64,\)'),
        (lambda t: t.update({'extra/kernel': np.zeros(3)}), 'extra/kernel is not known'),
        (lambda t: [t.pop(name) for name in list(t)[:20]], 'and 15 more'),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tensors: dict, change, message: str) -> None:
    changed = dict(tensors)
    change(changed)
    with pytest.raises(ValueError, match=f'not those of the published model: .*{message}'):
        convert_keras(changed)


@pytest.mark.parametrize('content', [b'', b'no h5 file', b'\x89HDF\r\n\x1a\n' + bytes(100)])
def test_what_is_no_h5_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / 'a.h5').write_bytes(content)
    with pytest.raises(ValueError, match=r'a\.h5 is no valid h5 file .*download it again'):
        run(TOOL, tmp_path / 'a.h5', tmp_path / 'a.pth')
    assert not (tmp_path / 'a.pth').exists()


def test_a_file_that_is_cut_off_is_refused(backbone: dict, tmp_path: Path) -> None:
    write_h5(tmp_path / 'a.h5', {name: values for name, values in backbone.items() if name.startswith('conv1')})
    content = (tmp_path / 'a.h5').read_bytes()
    (tmp_path / 'a.h5').write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match='is no valid h5 file'):
        read_keras(tmp_path / 'a.h5')


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'keras_to_mmosis\.py: error: there is no file .*none\.h5'):
        run(TOOL, tmp_path / 'none.h5', tmp_path / 'a.pth')


def test_without_h5py_it_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'a.h5').touch()
    monkeypatch.setitem(sys.modules, 'h5py', None)
    with pytest.raises(ImportError, match=r"h5 files need h5py, .* pip install -e '\.\[keras\]'"):
        read_keras(tmp_path / 'a.h5')


def test_two_tensors_of_one_name_are_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file['a/conv1/kernel:0'], file['b/conv1/kernel:0'] = np.zeros(2), np.ones(2)
    with pytest.raises(ValueError, match='has two tensors conv1/kernel'):
        read_keras(tmp_path / 'a.h5')
