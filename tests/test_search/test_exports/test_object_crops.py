"""Crops of what was found."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils
from test_coco_export import MASKS, SHAPE, found

from mmosis.search import describe_image
from mmosis.search.exports import write_crops
from mmosis.search.exports.object_crops import category_folder, cut_object

IMAGE = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


def rle(name: str) -> dict:
    return mask_utils.encode(np.asfortranarray(MASKS[name].astype(np.uint8)))


def test_the_mask_is_the_alpha() -> None:
    crop = cut_object(IMAGE, (0, 0, 1, 1), rle('disc'))
    rows, columns = slice(6, 35), slice(16, 45)
    np.testing.assert_array_equal(crop[..., :3], IMAGE[rows, columns, ::-1])
    np.testing.assert_array_equal(crop[..., 3] == 255, MASKS['disc'][rows, columns])
    assert set(crop[..., 3].ravel().tolist()) == {0, 255}


def test_without_a_mask_the_box_is_opaque() -> None:
    crop = cut_object(IMAGE, (1.5, -3, 4.2, 8))
    np.testing.assert_array_equal(crop[..., :3], IMAGE[:5, 1:6, ::-1])
    assert (crop[..., 3] == 255).all()


@pytest.mark.parametrize('bbox', [(100, 5, 10, 10), (5, 5, 0, 0), (-20, -20, 10, 10)])
def test_nothing_of_it_is_in_the_image(bbox: tuple) -> None:
    assert cut_object(IMAGE, bbox).size == 0


def test_files(tmp_path: Path) -> None:
    masks = np.stack([MASKS['two'], MASKS['block'] & False, MASKS['disc']])
    for name in ('a.jpg', 'a.jpg-1.png', 'deep/a.jpg'):
        record = describe_image(name, SHAPE, found(masks, (0.9, 0.8, 0.7), (1, 0, 1)), 0.5)
        files = write_crops(IMAGE, record, ['mug', 'cup'], tmp_path)
        assert files == [tmp_path / f'cup/{name}-{number}.png' for number in (1, 3)]
    assert len(list(tmp_path.rglob('*.png'))) == 6
    read = cv2.imread(str(tmp_path / 'cup/deep/a.jpg-3.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(read[..., [2, 1, 0, 3]], cut_object(IMAGE, (0, 0, 1, 1), rle('disc')))


@pytest.mark.parametrize(
    ('name', 'folder'),
    [
        ('coffee mug', 'coffee mug'),
        ('Öl', 'Öl'),
        ('a/b', 'a%2Fb'),
        ('..', '%2E.'),
        ('.git', '%2Egit'),
        ('50 %', '50 %25'),
        ('\0', '%00'),
        ('\udcff', '%FF'),
    ],
)
def test_any_name_of_a_category_is_one_folder(name: str, folder: str) -> None:
    assert category_folder(name) == folder


def test_a_long_name_of_a_category() -> None:
    first, second = (category_folder('x' * 300 + end) for end in 'ab')
    assert len(first) == len(second) == 255
    assert first != second
