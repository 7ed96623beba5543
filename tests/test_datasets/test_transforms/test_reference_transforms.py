import numpy as np
import pytest

from mmosis.datasets import CropReference, LoadReferenceMask, PackReference, ResizeReference
from mmosis.utils.rng import seeded

IMAGE = np.random.default_rng(0).integers(1, 256, (40, 60, 3), dtype=np.uint8)


def _crop(bbox, **settings) -> dict:
    results = dict(img=IMAGE, img_shape=(40, 60), ref_bbox=np.array(bbox), ann_id=7, img_path='a.jpg')
    return CropReference(**settings)(results)


def _resize(crop: np.ndarray, size: int = 32, **settings) -> np.ndarray:
    results = ResizeReference(size, **settings)(dict(img=crop, img_shape=crop.shape[:2]))
    assert results['img_shape'] == (size, size)
    return results['img']


def _filled(image: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns, from and to, that are not padding."""
    rows, columns = np.nonzero(image.any(axis=2))
    return (rows.min(), rows.max() + 1), (columns.min(), columns.max() + 1)


def test_the_reference_is_its_box_without_context_as_in_the_paper():
    results = _crop((10, 5, 30, 15))
    np.testing.assert_array_equal(results['img'], IMAGE[5:15, 10:30])
    assert results['img_shape'] == (10, 20)


def test_context_is_kept_on_wish():
    np.testing.assert_array_equal(_crop((10, 5, 30, 15), margin=0.5)['img'], IMAGE[0:20, 0:40])


@pytest.mark.parametrize('bbox', [(10, 5, 10, 15), (50, 5, 62, 15)])
def test_a_bad_box_is_refused_with_its_annotation(bbox):
    message = (
        r'a reference box must be xyxy with an area, inside the 40x60 \(h x w\) image, got \[.*\]; '
        'it is annotation 7 of a.jpg'
    )
    with pytest.raises(ValueError, match=message):
        _crop(bbox)


@pytest.mark.parametrize(
    ('shape', 'rows', 'columns'),
    [
        ((10, 20), (8, 24), (0, 32)),
        ((20, 10), (0, 32), (8, 24)),
        ((7, 7), (0, 32), (0, 32)),
        ((200, 64), (0, 32), (11, 21)),
        ((15, 32), (8, 23), (0, 32)),
        ((1, 500), (15, 16), (0, 32)),
        ((500, 1), (0, 32), (15, 16)),
        ((1, 1), (0, 32), (0, 32)),
    ],
)
def test_the_longer_side_fills_the_square_and_the_crop_is_centred(shape, rows, columns):
    image = _resize(np.full((*shape, 3), 200, dtype=np.uint8))
    assert (image.shape, image.dtype) == ((32, 32, 3), np.uint8)
    assert _filled(image) == (rows, columns)
    assert set(np.unique(image)) <= {0, 200}


@pytest.mark.parametrize('shape', [(10, 20), (200, 64), (1, 500), (1, 1)])
def test_a_stretched_crop_fills_the_square(shape):
    image = _resize(np.full((*shape, 3), 200, dtype=np.uint8), keep_ratio=False)
    np.testing.assert_array_equal(image, np.full((32, 32, 3), 200))


def test_pixels_of_the_right_size_are_kept():
    np.testing.assert_array_equal(_resize(IMAGE[:32, :32]), IMAGE[:32, :32])
    padded = _resize(IMAGE[:12, :32])
    np.testing.assert_array_equal(padded[10:22], IMAGE[:12, :32])
    assert not padded[:10].any()
    assert not padded[22:].any()


def test_the_crop_handed_in_is_not_written_to():
    crop = IMAGE[:10, :20]
    before = crop.copy()
    _resize(crop)
    np.testing.assert_array_equal(crop, before)


# ---------------------------------------------------------------- masks

# Lower right half of the box (10, 5, 30, 25).
TRIANGLE = [[30, 5, 30, 25, 10, 25]]


def _load(segmentation=TRIANGLE, prob: float = 1.0, bbox: tuple = (10, 5, 30, 25)) -> dict:
    results = dict(img=IMAGE, ref_bbox=np.array(bbox), ann_id=7, img_path='a.jpg', ref_segmentation=segmentation)
    return LoadReferenceMask(prob)(results)


def test_the_mask_lies_in_the_frame_of_the_image():
    results = _load([[10, 5, 30, 5, 30, 25, 10, 25]])
    expected = np.zeros((40, 60), np.uint8)
    expected[5:25, 10:30] = 255
    (mask,) = results['gt_masks'].masks
    np.testing.assert_array_equal(mask, expected)
    assert results['img'] is IMAGE


@pytest.mark.parametrize(('margin', 'rows', 'columns'), [(0.0, (5, 25), (10, 30)), (0.5, (0, 35), (0, 40))])
def test_the_mask_is_cropped_as_the_image(margin, rows, columns):
    results = _load()
    (mask_before,) = results['gt_masks'].masks
    cropped = CropReference(margin)(results)
    (mask,) = cropped['gt_masks'].masks
    np.testing.assert_array_equal(mask, mask_before[slice(*rows), slice(*columns)])
    assert mask.shape == cropped['img'].shape[:2]
    assert mask[-1 if not margin else 20, -2 if not margin else 28]
    assert not mask[0, 0]


@pytest.mark.parametrize('bbox', [(10, 5, 30, 25), (10, 5, 30, 15), (10, 5, 18, 25), (2, 2, 58, 39)])
def test_the_mask_is_resized_and_padded_as_the_image(bbox):
    """An image that is bright where the mask is stays so."""
    results = _load(bbox=bbox, segmentation=[[bbox[2], bbox[1], bbox[2], bbox[3], bbox[0], bbox[3]]])
    (mask,) = results['gt_masks'].masks
    results['img'] = np.repeat(mask[..., None], 3, axis=2)
    results = ResizeReference(32)(CropReference()(results))
    (mask,) = results['gt_masks'].masks
    assert (mask.shape, mask.dtype) == ((32, 32), np.uint8)
    differing = np.abs(mask.astype(int) - results['img'][..., 0]) > 128
    assert differing.mean() < 0.01
    assert np.abs(mask.mean() - results['img'].mean()) < 2
    padding = ~_resize(np.full((bbox[3] - bbox[1], bbox[2] - bbox[0], 3), 255, np.uint8)).any(axis=2)
    assert not mask[padding].any()


def test_a_thin_object_is_still_there_when_its_crop_is_shrunk():
    """Twenty times smaller, a line of one pixel lies between the points of bilinear sampling."""
    image = np.zeros((640, 640, 3), np.uint8)
    for column in range(300, 320):
        mask = np.zeros((640, 640), np.uint8)
        mask[:, column] = 1
        results = dict(img=image, ref_bbox=np.array([0, 0, 640, 640]), ref_segmentation=mask)
        for transform in (LoadReferenceMask(), CropReference(), ResizeReference(32), PackReference()):
            results = transform(results)
        channel = results['ref_inputs'][3]
        assert channel[:, column // 20].tolist() == [13] * 32  # a twentieth of 255
        assert channel.sum() == 32 * 13


# Box (20, 10, 40, 20) with half of its size around it: in the crop of 40x20 it fills the middle.
@pytest.mark.parametrize(
    ('more', 'settings', 'rows', 'columns'),
    [
        (dict(), dict(), (12, 20), (8, 24)),
        (dict(gt_masks=None), dict(), (12, 20), (8, 24)),
        (dict(), dict(keep_ratio=False), (8, 24), (8, 24)),
    ],
)
def test_the_box_is_marked_in_its_context(more, settings, rows, columns):
    results = dict(img=IMAGE, ref_bbox=np.array([20, 10, 40, 20]), **more)
    results = CropReference(margin=0.5, mark_box=True)(results)
    np.testing.assert_array_equal(results['img'], IMAGE[5:25, 10:50])
    packed = PackReference()(ResizeReference(32, **settings)(results))['ref_inputs']
    expected = np.zeros((32, 32), np.uint8)
    expected[slice(*rows), slice(*columns)] = 255
    np.testing.assert_array_equal(packed[3], expected)
    if not settings:  # the padding is marked as little as the context
        assert not packed[:3, :8].any()


def test_a_mask_that_is_there_stays_as_it_is():
    plain, marked = (CropReference(0.5, mark_box=mark)(_load())['gt_masks'] for mark in (False, True))
    np.testing.assert_array_equal(marked.masks, plain.masks)
    assert set(np.unique(plain.masks)) == {0, 255}


@pytest.mark.parametrize('bbox', [(0, 0, 60, 40), (-0.5, 0, 60.5, 40)])
def test_an_image_that_is_all_object_is_marked_everywhere(bbox):
    results = _crop(bbox, margin=0.5, mark_box=True)
    np.testing.assert_array_equal(results['gt_masks'].masks, np.full((1, 40, 60), 255))


def test_the_box_is_cut_at_the_border_with_its_context():
    (mask,) = _crop((50.5, 4, 60, 14), margin=0.5, mark_box=True)['gt_masks'].masks
    expected = np.zeros((19, 15), np.uint8)
    expected[4:14, 5:] = 255
    np.testing.assert_array_equal(mask, expected)


def test_without_marks_a_reference_has_no_mask():
    assert 'gt_masks' not in _crop((10, 5, 30, 15), margin=0.5)


def test_the_mask_is_taken_as_often_as_asked():
    taken = []
    for number in range(400):
        with seeded(0, 'test', number):
            taken.append(_load(prob=0.25)['gt_masks'] is not None)
    assert np.mean(taken) == pytest.approx(0.25, abs=0.08)
    for prob, expected in ((0.0, False), (1.0, True)):
        assert {_load(prob=prob)['gt_masks'] is not None for _ in range(50)} == {expected}


def test_a_mask_that_is_not_taken_need_not_be_there():
    assert _load(None, prob=0)['gt_masks'] is None


@pytest.mark.parametrize('prob', [-0.1, 1.5])
def test_what_is_no_probability_is_refused(prob):
    with pytest.raises(ValueError, match=f'prob must be in 0-1, got {prob}'):
        LoadReferenceMask(prob)


@pytest.mark.parametrize(
    ('segmentation', 'message'),
    [
        (
            None,
            'annotation 7 of a.jpg came without its mask; LoadReferenceMask needs a reference_sampler with with_masks=',
        ),
        ([[10, 5, 30, 25]], 'an object must have a mask, .* got none.*; it is annotation 7 of a.jpg'),
        (np.ones((60, 40)), r'the size of its image, \(40, 60\) .* got \(60, 40\); it is annotation 7 of a.jpg'),
        (np.zeros((40, 60)), 'a mask must cover at least one pixel, got an empty one; it is annotation 7 of a.jpg'),
    ],
)
def test_a_bad_mask_is_refused_with_its_annotation(segmentation, message):
    with pytest.raises(ValueError, match=message):
        _load(segmentation)


def test_a_mask_outside_of_its_box_is_refused_with_its_annotation():
    results = CropReference()(_load(bbox=(40, 5, 50, 25)))
    with pytest.raises(ValueError, match=r'must cover a part of its box, got none; correct annotation 7 of a\.jpg'):
        PackReference()(results)
