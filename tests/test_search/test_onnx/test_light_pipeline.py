"""Without MMCV, the transforms make the same pixels."""

import numpy as np
import pytest
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.dataset import Compose

from mmosis.search import SearchReference
from mmosis.search.onnx.light_pipeline import check_steps, prepare_image, prepare_reference
from mmosis.search.pipeline import SearchPipeline
from mmosis.search.steps import without_loading

CONFIGS = [
    'configs/siamese_mask_rcnn_s1.py',
    'configs/lite/siamese_mask_rcnn_lite.py',
    'configs/pocket/siamese_mask_rcnn_pocket.py',
    'configs/demo/siamese_mask_rcnn_demo_s1.py',
    'configs/published/siamese_mask_rcnn_published.py',
]


def draw(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('config', CONFIGS)
@pytest.mark.parametrize('side', [None, 200])
@pytest.mark.parametrize('shape', [(120, 160), (333, 97)])
def test_images(config: str, side: int | None, shape: tuple[int, int]) -> None:
    pipeline = SearchPipeline(Config.fromfile(config))
    if side is not None and not pipeline.resizes:
        pytest.skip('nothing resizes here')
    image = draw(*shape)
    expected = pipeline(image, side)
    found = prepare_image(image, pipeline.steps, side, pipeline.divisor)
    np.testing.assert_array_equal(found.pixels[0], expected['inputs'].numpy())
    assert found.img_shape == tuple(expected['data_samples'].img_shape)
    assert found.scale_factor == pytest.approx(expected['data_samples'].get('scale_factor', (1, 1)))
    assert found.window == expected['data_samples'].get('window')


@pytest.mark.parametrize('config', CONFIGS)
@pytest.mark.parametrize('masked', [False, True])
def test_references(config: str, masked: bool) -> None:
    steps = without_loading(Config.fromfile(config).test_dataloader.dataset.ref_pipeline)
    image = draw(90, 140)
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[20:50, 30:100] = 1
    loaded, _ = SearchReference(image, (25.5, 10, 110, 60.2), mask if masked else None).load()
    of_mmdet = dict(loaded, gt_masks=BitmapMasks(255 * mask[None], *mask.shape)) if masked else dict(loaded)
    expected = Compose(steps)(of_mmdet)['ref_inputs'].numpy()
    pixels, found = prepare_reference(loaded, steps)
    np.testing.assert_array_equal(pixels[0], expected[:3])
    np.testing.assert_allclose(255 * found[0, 0], expected[3] if len(expected) > 3 else 255, atol=1e-4)


def test_a_transform_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match=r'the light runtime has no transform Other, Turn; search with torch'):
        check_steps([dict(type='Other')], [dict(type='CropReference'), dict(type='Turn')])
