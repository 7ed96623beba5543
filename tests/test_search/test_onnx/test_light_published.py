"""The light runtime finds what torch finds with the published model: its images, boxes and masks are its own."""

from pathlib import Path

import numpy as np
import pytest
from deployment_models import PUBLISHED, make_inferencer

pytest.importorskip('onnx')
pytest.importorskip('mmosis.utils.onnx_runtime')

from mmosis.deployment import export_onnx
from mmosis.search import LightInferencer, OneShotInferencer
from mmosis.utils.image import read_image

PHOTOGRAPH = Path(__file__).parents[3] / 'mmosis/web/page/photographs/pizza.jpg'
BOX = (287, 147, 381, 198)


@pytest.fixture(scope='module')
def torch_inferencer(tmp_path_factory: pytest.TempPathFactory) -> OneShotInferencer:
    return make_inferencer(PUBLISHED, tmp_path_factory.mktemp('published'), score_thr=0.5)


@pytest.fixture(scope='module')
def light(torch_inferencer: OneShotInferencer, tmp_path_factory: pytest.TempPathFactory) -> LightInferencer:
    out = tmp_path_factory.mktemp('exported') / 'out'
    export_onnx(torch_inferencer, out)
    return LightInferencer(out, num_threads=1, show_progress=False)


@pytest.fixture(scope='module')
def image() -> np.ndarray:
    return read_image(str(PHOTOGRAPH))


@pytest.mark.parametrize('given', ['box', 'mask', 'crop'])
@pytest.mark.parametrize('rows', [slice(None), slice(0, 60)], ids=['photograph', 'strip'])
def test_it_finds_what_torch_finds(
    light: LightInferencer, torch_inferencer: OneShotInferencer, image: np.ndarray, given: str, rows: slice
) -> None:
    x1, y1, x2, y2 = BOX
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[y1 + 5 : y2, x1 : x2 - 20] = 1
    asked = dict(box=dict(img=image, bbox=BOX), mask=dict(img=image, mask=mask), crop=image[y1:y2, x1:x2])[given]
    banks = [each.encode(asked) for each in (light, torch_inferencer)]
    for mine, theirs in zip(*(bank.encoded for bank in banks), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
    searched = np.ascontiguousarray(image[rows])
    found, expected = (each.search(searched, bank) for each, bank in zip((light, torch_inferencer), banks, strict=True))
    assert len(found) == len(expected) > 0
    np.testing.assert_array_equal(found.bboxes, expected.bboxes)
    assert found.bboxes.dtype == expected.bboxes.dtype
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    masks, wanted = found.masks.numpy(), expected.masks.numpy()
    assert masks.shape == wanted.shape == (len(found), *searched.shape[:2])
    assert wanted.any(axis=(1, 2)).any()
    assert (masks == wanted).mean() > 0.9999


def test_boxes_are_whole_pixels_with_an_area(light: LightInferencer, image: np.ndarray) -> None:
    found = light.search(image, light.encode(dict(img=image, bbox=BOX)))
    height, width = image.shape[:2]
    np.testing.assert_array_equal(found.bboxes, found.bboxes.round())
    assert (found.bboxes[:, 2:] > found.bboxes[:, :2]).all()
    assert found.bboxes.min() >= 0
    assert (found.bboxes <= [width, height, width, height]).all()


def test_a_box_of_less_than_a_pixel_is_dropped(light: LightInferencer, monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.zeros((100, 100, 3), np.uint8)  # at (112, 112, 912, 912) of 1024 pixels, eight times as large
    boxes = np.array([[192, 192, 272, 352], [504, 500, 504.2, 600]], np.float32)
    given = dict(bboxes=boxes, scores=np.float32([0.9, 0.8]), masks=np.ones((2, 28, 28), np.float32))
    monkeypatch.setattr(light.detector, 'detect', lambda *_: given)
    found = light.search(image, light.encode(image))
    np.testing.assert_array_equal(found.bboxes, [[10, 10, 21, 31]])  # their last pixel ends a pixel later
    np.testing.assert_array_equal(np.argwhere(found.masks.numpy()[0])[[0, -1]], [[10, 10], [30, 20]])


def test_its_images_have_one_size(light: LightInferencer) -> None:
    with pytest.raises(ValueError, match='image_scale sets the Resize of the test pipeline, and this config has none'):
        LightInferencer(light.detector.folder, image_scale=512)
