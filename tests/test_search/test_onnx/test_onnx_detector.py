"""OnnxDetector: the steps of an exported detector on arrays."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from deployment_models import POCKET, PUBLISHED, make_inferencer

pytest.importorskip('onnx')
pytest.importorskip('mmosis.utils.onnx_runtime')

from mmosis.deployment import export_onnx
from mmosis.search.onnx.onnx_detector import OnnxDetector


@pytest.fixture(scope='module')
def inferencer(tmp_path_factory: pytest.TempPathFactory):
    return make_inferencer(POCKET, tmp_path_factory.mktemp('pocket'))


@pytest.fixture(scope='module')
def folder(inferencer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp('exported') / 'pocket'
    export_onnx(inferencer, out)
    return out


@pytest.fixture(scope='module')
def detector(folder: Path) -> OnnxDetector:
    return OnnxDetector(folder, num_threads=1)


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def test_it_is_the_model_that_was_exported(detector: OnnxDetector, inferencer) -> None:
    assert detector.fingerprint == inferencer.fingerprint
    assert detector.spec['name'] == Path(POCKET).name
    assert detector.spec['nms_iou_threshold'] == 0.5


def test_images_are_normalised_and_padded_as_the_preprocessor_does(detector: OnnxDetector, inferencer) -> None:
    images = pixels(2, 3, 50, 70)
    preprocessor = inferencer.model.data_preprocessor
    inputs = preprocessor(dict(inputs=list(torch.from_numpy(images)), ref_inputs=[torch.zeros(1, 1, 3, 96, 96)]))[
        'inputs'
    ]
    assert inputs.shape[2:] == (64, 96)
    with torch.no_grad():
        expected = inferencer.model.encode_images(inputs)
    for level, array in zip(expected, detector.encode_images(images), strict=True):
        np.testing.assert_allclose(array, level.numpy(), atol=1e-4)


@pytest.mark.parametrize('with_masks', [True, False])
def test_references_are_encoded_and_merged_as_by_the_model(
    detector: OnnxDetector, inferencer, with_masks: bool
) -> None:
    refs = pixels(3, 3, 96, 96)
    masks = np.zeros((3, 1, 96, 96), np.float32)
    masks[:, :, 20:50, 30:90] = 1
    four = np.concatenate([refs, 255 * masks.astype(np.uint8)], axis=1) if with_masks else refs
    model = inferencer.model
    with torch.no_grad():
        expected = model.encode_references(model.data_preprocessor.prepare_references(torch.from_numpy(four)[:, None]))
    rows = detector.encode_references(refs, masks if with_masks else None)
    for tensor, array in zip(expected.tensors, rows, strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), atol=1e-4)
    for tensor, array in zip(model.merge_references(expected).tensors, detector.merge_references(rows), strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), atol=1e-4)


def test_detections_lie_in_the_image_the_best_first(detector: OnnxDetector) -> None:
    query = detector.encode_references(pixels(1, 3, 96, 96))
    found = detector.detect(detector.encode_images(pixels(1, 3, 90, 120)), query, (80, 110))
    assert len(found['scores']) > 1
    assert (np.diff(found['scores']) <= 0).all()
    assert found['bboxes'].min() >= 0
    assert (found['bboxes'] <= [110, 80, 110, 80]).all()
    assert found['masks'].shape == (len(found['scores']), 28, 28)


def test_a_published_model_needs_the_window(tmp_path: Path) -> None:
    export_onnx(make_inferencer(PUBLISHED, tmp_path), tmp_path / 'out')
    detector = OnnxDetector(tmp_path / 'out', num_threads=1)
    query, pyramid = detector.encode_references(pixels(1, 3, 192, 192)), detector.encode_images(pixels(1, 3, 64, 64))
    with pytest.raises(ValueError, match='this model needs window, x1, y1, x2, y2'):
        detector.detect(pyramid, query, (64, 64))
    found = detector.detect(pyramid, query, (64, 64), window=(8, 0, 56, 64))
    assert (found['bboxes'][:, 0] > 7.5).all()


def test_torch_is_not_imported(folder: Path) -> None:
    script = (
        'import sys\nfrom mmosis.search.onnx.onnx_detector import OnnxDetector\n'
        f'detector = OnnxDetector({str(folder)!r}, num_threads=1)\n'
        'assert detector.spec["format"] == 2\n'
        'assert not {"torch", "mmdet", "mmcv"} & set(sys.modules)'
    )
    subprocess.run([sys.executable, '-c', script], check=True)


def test_a_folder_of_something_else_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'is no exported model, model.json, features.onnx, .* missing; tools/'):
        OnnxDetector(tmp_path)
    copied = shutil.copytree(folder, tmp_path / 'copied')
    (copied / 'model.json').write_text(json.dumps(dict(format=3)))
    with pytest.raises(ValueError, match='has format 3, this version of mmosis reads 1 to 2; export it again'):
        OnnxDetector(copied)


def test_arrays_of_other_shapes_are_refused(detector: OnnxDetector) -> None:
    with pytest.raises(ValueError, match=r'pixels must be \(N, 3, H, W\) BGR with N > 0, got \(64, 64, 3\)'):
        detector.encode_images(pixels(64, 64, 3))
    with pytest.raises(ValueError, match=r'references must be \(96, 96\) \(h, w\), got \(64, 96\)'):
        detector.encode_references(pixels(1, 3, 64, 96))
    with pytest.raises(ValueError, match=r'masks of these references must be \(1, 1, 96, 96\), got \(1, 96, 96\)'):
        detector.encode_references(pixels(1, 3, 96, 96), np.ones((1, 96, 96)))
    rows = detector.encode_references(pixels(2, 3, 96, 96))
    with pytest.raises(ValueError, match=r'detect takes one image and one query, got arrays of lengths \[1, 2\]'):
        detector.detect(detector.encode_images(pixels(1, 3, 64, 64)), rows, (64, 64))
