"""The published code's images: the rule of their size, their padding, and what moves with them."""

import numpy as np
import pytest
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from projects.published import PublishedReference, PublishedResize


def image(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 200, np.uint8)


@pytest.mark.parametrize(
    ('shape', 'window', 'scale'),
    [
        ((334, 500), (0, 170, 1024, 854), 2.048),  # detect_1024 of the published code
        ((800, 900), (62, 112, 962, 912), 1),
        ((100, 100), (112, 112, 912, 912), 8),
        ((2000, 1000), (256, 0, 768, 1024), 0.512),
    ],
)
def test_size_and_place_of_an_image(shape: tuple, window: tuple, scale: float) -> None:
    results = PublishedResize(800, 1024, False)(dict(img=image(*shape)))
    assert results['img'].shape == (1024, 1024, 3)
    assert results['img_shape'] == (1024, 1024)
    assert results['window'] == window
    assert results['scale_factor'] == (scale, scale)
    x1, y1, x2, y2 = window
    assert (results['img'][y1 + 8 : y2 - 8, x1 + 8 : x2 - 8] >= 199).all()  # the border blends with 0
    results['img'][y1:y2, x1:x2] = 0
    assert not results['img'].any()


def test_an_image_of_the_right_size_keeps_its_pixels() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3), dtype=np.uint8)
    results = PublishedResize(150, 192, False)(dict(img=noise))
    np.testing.assert_array_equal(results['img'][21:171, 21:171], noise)


def test_boxes_and_masks_move_along() -> None:
    mask = np.zeros((1, 50, 100), np.uint8)
    mask[0, 10:20, 30:60] = 1
    annotations = dict(gt_bboxes=HorizontalBoxes([[30.0, 10, 60, 20]]), gt_masks=BitmapMasks(mask, 50, 100))
    results = PublishedResize(80, 160, False)(dict(img=image(50, 100), **annotations))
    (box,) = results['gt_bboxes'].tensor.tolist()
    assert box == pytest.approx([48, 56, 96, 72])
    rows, columns = np.nonzero(results['gt_masks'].masks[0])
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (48, 56, 96, 72)


def reference(**results) -> dict:
    return PublishedReference((80, 160), (24, 32), False)(results)


def test_a_reference_is_cut_from_the_resized_image() -> None:
    scene = image(50, 100)
    scene[10:30, 20:60] = (10, 20, 30)
    results = reference(img=scene, ref_bbox=(20, 10, 60, 30))
    assert results['img'].shape == (32, 32, 3)
    np.testing.assert_array_equal(results['img'][12:20, 4:28], np.full((8, 24, 3), (10, 20, 30)))
    assert not results['img'][:8].any()


def test_an_image_that_is_a_reference_is_resized_once() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(reference(img=noise, ref_bbox=(0, 0, 32, 24))['img'][4:28], noise)


def test_the_mask_of_a_reference_is_cut_with_it() -> None:
    mask = np.zeros((1, 50, 100), np.uint8)
    mask[0, 10:30, 20:40] = 255
    results = reference(img=image(50, 100), ref_bbox=(20, 10, 60, 30), gt_masks=BitmapMasks(mask, 50, 100))
    (cut,) = results['gt_masks'].masks
    assert cut.shape == (32, 32)
    rows, columns = np.nonzero(cut)
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (0, 16, 8, 24)


@pytest.mark.parametrize('bbox', [(10, 5, 10, 15), (50, 5, 62, 15)])
def test_a_bad_box_is_refused(bbox: tuple) -> None:
    with pytest.raises(ValueError, match='a reference box must be xyxy with an area'):
        reference(img=image(40, 60), ref_bbox=bbox, ann_id=3, img_path='a.jpg')
