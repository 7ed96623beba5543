import cv2
import numpy as np
import pytest

from mmosis.datasets import LoadImage

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    cv2.imwrite(str(tmp_path / 'image.png'), IMAGE)
    return str(tmp_path / 'image.png')


@pytest.mark.parametrize('size', [dict(height=40, width=60), dict()])
def test_the_image_is_loaded_with_its_shapes(path, size):
    results = LoadImage()(dict(img_path=path, **size))
    np.testing.assert_array_equal(results['img'], IMAGE)
    assert results['img_shape'] == results['ori_shape'] == (40, 60)


def test_an_image_of_another_size_is_refused(path):
    message = r'image.png is 40x60 \(h x w\), but the annotation file says 60x40'
    with pytest.raises(ValueError, match=message):
        LoadImage()(dict(img_path=path, height=60, width=40))


def test_a_missing_file_is_named(path):
    with pytest.raises(FileNotFoundError, match=r'none\.png does not exist'):
        LoadImage()(dict(img_path=path.replace('image', 'none')))


def test_it_reads_through_mmengines_file_backends(path):
    results = LoadImage(backend_args=dict(backend='local'))(dict(img_path=path))
    np.testing.assert_array_equal(results['img'], IMAGE)
