import cv2
import numpy as np
import pytest

from projects.scenes.cutouts import ComposeConfig, Source
from projects.scenes.cutouts.background import Crop, make_background
from projects.scenes.cutouts.crop import write_background

NUMBERS = dict(mug=0, key=1)
COMPLETE = dict(image_size=200, ground_crop=(1.0, 1.0))


def _write(tmp_path, objects):
    """Write a square photograph, white where an object is: (category, crowd, x, y, w, h)."""
    image, found = np.zeros((100, 100, 3), np.uint8), []
    for category, crowd, x, y, w, h in objects:
        mask = np.zeros((100, 100), np.uint8)
        mask[y : y + h, x : x + w] = 1
        image[mask > 0] = 255
        found.append((category, crowd, mask))
    write_background(image, found, tmp_path / 'ground', Source(str(tmp_path)))
    return tmp_path / 'ground'


def _lay(file, seed=0, **settings):
    return make_background(file, np.random.default_rng(seed), NUMBERS, ComposeConfig(**(COMPLETE | settings)))


@pytest.mark.parametrize('seed', range(4))
def test_objects_lie_where_the_image_shows_them(tmp_path, seed):
    canvas = _lay(_write(tmp_path, [('key', False, 10, 20, 30, 40)]), seed)
    (instance,) = canvas.instances()
    assert (instance.category, instance.crowd) == (1, False)
    assert (instance.mask == (canvas.image[..., 0] > 128)).mean() > 0.99
    assert instance.mask.sum() == pytest.approx(4 * 30 * 40, rel=0.05)


def test_what_is_cut_off_small_or_a_crowd_is_annotated_as_crowd(tmp_path):
    file = _write(tmp_path, [('mug', False, 20, 20, 50, 50), ('mug', True, 80, 5, 10, 10), ('key', False, 5, 85, 3, 9)])
    found = {(instance.category, instance.crowd) for instance in _lay(file).instances()}
    assert found == {(0, False), (0, True), (1, True)}
    cut_off = [_lay(file, seed, ground_crop=(0.4, 0.4)).instances() for seed in range(20)]
    crowds = [instance.crowd for found in cut_off for instance in found if instance.category == 0]
    assert set(crowds) == {True, False}


def test_small_objects_stand_on_large_ones(tmp_path):
    file = _write(tmp_path, [('mug', False, 40, 40, 20, 20), ('key', False, 10, 10, 80, 80)])
    areas = {instance.category: instance.mask.sum() for instance in _lay(file).instances()}
    assert areas == {0: pytest.approx(1600, rel=0.1), 1: pytest.approx(4 * (6400 - 400), rel=0.1)}


def test_a_crop_is_resized_and_mirrored():
    image = np.arange(100, dtype=np.uint8).reshape(10, 10)
    np.testing.assert_array_equal(Crop((2, 3), 4, False).cut(image, 4), image[3:7, 2:6])
    np.testing.assert_array_equal(Crop((2, 3), 4, True).cut(image, 4), image[3:7, 5:1:-1])
    assert Crop((2, 3), 4, False).cut(cv2.merge([image] * 3), 9).shape == (9, 9, 3)
