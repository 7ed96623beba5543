import numpy as np
import pytest

from mmosis.datasets import CropReference, ResizeReference

PICTURE = np.random.default_rng(0).integers(1, 256, (40, 60, 3), dtype=np.uint8)


def _crop(bbox, **settings) -> dict:
    results = dict(img=PICTURE, img_shape=(40, 60), ref_bbox=np.array(bbox), ann_id=7, img_path='a.jpg')
    return CropReference(**settings)(results)


def _resize(crop: np.ndarray, size: int = 32) -> np.ndarray:
    results = ResizeReference(size)(dict(img=crop, img_shape=crop.shape[:2]))
    assert results['img_shape'] == (size, size)
    return results['img']


def _filled(image: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns, from and to, that are not padding."""
    rows, columns = np.nonzero(image.any(axis=2))
    return (rows.min(), rows.max() + 1), (columns.min(), columns.max() + 1)


def test_the_reference_is_its_box_without_context_as_in_the_paper():
    results = _crop((10, 5, 30, 15))
    np.testing.assert_array_equal(results['img'], PICTURE[5:15, 10:30])
    assert results['img_shape'] == (10, 20)


def test_context_is_kept_on_wish():
    np.testing.assert_array_equal(_crop((10, 5, 30, 15), margin=0.5)['img'], PICTURE[0:20, 0:40])


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


def test_pixels_of_the_right_size_are_kept():
    np.testing.assert_array_equal(_resize(PICTURE[:32, :32]), PICTURE[:32, :32])
    padded = _resize(PICTURE[:12, :32])
    np.testing.assert_array_equal(padded[10:22], PICTURE[:12, :32])
    assert not padded[:10].any()
    assert not padded[22:].any()


def test_the_crop_handed_in_is_not_written_to():
    crop = PICTURE[:10, :20]
    before = crop.copy()
    _resize(crop)
    np.testing.assert_array_equal(crop, before)
