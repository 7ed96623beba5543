"""Images are looked for in their folders, and turned as their boxes are meant."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmosis.utils.coco_images import check_images, turn_upright


def test_images_that_are_there_are_fine(tmp_path: Path) -> None:
    for name in ('a.jpg', 'b/c.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    check_images([str(tmp_path / 'a.jpg'), f'{tmp_path}/b/c.jpg', f'{tmp_path}/b/../a.jpg', 's3://bucket/d.jpg'])


def test_missing_images_are_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / 'a.jpg').touch()
    paths = [f'{tmp_path}/a.jpg', *(f'{tmp_path}/{folder}{number}.jpg' for folder in ('', 'none/') for number in 'bcd')]
    message = rf'6 of 7 images are not there; check data_prefix .*: {tmp_path}/b.jpg, .*{tmp_path}/none/c.jpg, \.\.\.$'
    with pytest.raises(FileNotFoundError, match=message):
        check_images(paths)


def test_a_folder_is_no_image(tmp_path: Path) -> None:
    (tmp_path / 'a').mkdir()
    with pytest.raises(FileNotFoundError, match=f'1 of 1 images are not there; .*: {tmp_path}/a$'):
        check_images([f'{tmp_path}/a'])


@pytest.mark.parametrize(
    'address', ['https://example.org/a.jpg', 'images/https://example.org/a.jpg', '/x/s3://y/a.jpg']
)
def test_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match=f'1 of 2 images are named by an address; download them, .*: {address}$'):
        check_images([address, 's3://bucket/b.jpg'])


# ---------------------------------------------------------------- EXIF rotation


@pytest.fixture
def phone(tmp_path: Path) -> Callable[..., dict]:
    """Write images of 80 x 60 (w x h) as they are stored, with an EXIF rotation each, and a box of each."""

    def write(*shown: tuple[int, list[float]]) -> dict:
        images, annotations = [], []
        for number, (orientation, bbox) in enumerate(shown):
            exif = Image.Exif()
            exif[0x0112] = orientation
            Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save(tmp_path / f'{number}.jpg', exif=exif)
            images.append(dict(id=number, file_name=f'{number}.jpg', height=60, width=80))
            annotations.append(dict(id=number, image_id=number, category_id=1, bbox=bbox))
        return dict(images=images, annotations=annotations)

    return write


BOTH, SHOWN, STORED = [5, 5, 20, 20], [5, 50, 20, 28], [50, 5, 28, 20]


def sizes(dataset: dict) -> list[tuple[int, int]]:
    return [(image['width'], image['height']) for image in dataset['images']]


def test_images_are_turned_upright_where_boxes_are_meant_as_shown(
    phone: Callable, tmp_path: Path, mmengine_log: pytest.LogCaptureFixture
) -> None:
    """One box shows how the file is meant; images that are not turned stay."""
    dataset = phone((6, BOTH), (8, SHOWN), (1, BOTH), (3, BOTH), (5, BOTH))
    turn_upright(dataset, tmp_path)
    assert sizes(dataset) == [(60, 80), (60, 80), (80, 60), (80, 60), (60, 80)]
    assert '3 images are turned upright, since their boxes are meant so' in mmengine_log.text


def test_images_stay_where_boxes_are_meant_as_stored(
    phone: Callable, tmp_path: Path, mmengine_log: pytest.LogCaptureFixture
) -> None:
    dataset = phone((6, BOTH), (8, STORED))
    turn_upright(dataset, tmp_path)
    assert sizes(dataset) == [(80, 60)] * 2
    assert not mmengine_log.text


@pytest.mark.parametrize('boxes', [[BOTH, BOTH], [SHOWN, STORED]])
def test_what_cannot_be_known_is_warned_of(
    phone: Callable, tmp_path: Path, mmengine_log: pytest.LogCaptureFixture, boxes: list
) -> None:
    dataset = phone((6, boxes[0]), (6, boxes[1]), (1, BOTH))
    turn_upright(dataset, tmp_path)
    assert sizes(dataset) == [(80, 60)] * 3
    assert '2 of 3 images checked are turned by their EXIF data' in mmengine_log.text
    assert mmengine_log.text.rstrip().endswith('0.jpg, 1.jpg')


def test_an_overshooting_box_turns_nothing_that_is_not_turned(phone: Callable, tmp_path: Path) -> None:
    dataset = phone((1, [5, 40, 20, 25]))
    dataset['images'].append(dict(dataset['images'][0], id=7, file_name='none.jpg'))
    turn_upright(dataset, tmp_path)
    assert sizes(dataset) == [(80, 60)] * 2
