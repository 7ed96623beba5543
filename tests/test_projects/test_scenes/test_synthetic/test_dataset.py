import json

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from projects.scenes.synthetic import CATEGORIES, SceneConfig, make_scene, make_scenes

SMALL = dict(image_size=96, crowd_prob=0.4)


@pytest.fixture(scope='module')
def ten(tmp_path_factory):
    return make_scenes(tmp_path_factory.mktemp('ten'), 10, seed=0, **SMALL)


def _files(ann_file):
    return {path.name: path.read_bytes() for path in (ann_file.parent / 'images').iterdir()}


def _scene(ann_file, img_id):
    found = [a for a in json.loads(ann_file.read_text())['annotations'] if a['image_id'] == img_id]
    return [{key: value for key, value in annotation.items() if key != 'id'} for annotation in found]


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(ten, tmp_path):
    again = make_scenes(tmp_path / 'again', 10, seed=0, **SMALL)
    other = make_scenes(tmp_path / 'other', 10, seed=1, **SMALL)
    assert again.read_bytes() == ten.read_bytes() != other.read_bytes()
    assert _files(again) == _files(ten)
    assert not set(_files(other).values()) & set(_files(ten).values())


def test_a_scene_does_not_depend_on_the_length_of_the_run_or_the_workers(ten, tmp_path):
    twenty = make_scenes(tmp_path, 20, seed=0, num_workers=2, **SMALL)
    assert _files(twenty).items() >= _files(ten).items()
    assert _scene(twenty, 8) == _scene(ten, 8) != []


def test_annotations_are_valid_coco(ten):
    coco = COCO(str(ten))
    assert [category['name'] for category in coco.dataset['categories']] == [
        appearance.name for appearance in CATEGORIES
    ]
    assert [category['id'] for category in coco.dataset['categories']] == list(range(1, 81))
    assert [image['id'] for image in coco.dataset['images']] == list(range(1, 11))
    assert [annotation['id'] for annotation in coco.dataset['annotations']] == list(range(1, len(coco.anns) + 1))
    for annotation in coco.dataset['annotations']:
        assert isinstance(annotation['segmentation']['counts'], str)
        mask = coco.annToMask(annotation)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = [columns[0], rows[0], columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1]
        assert annotation['bbox'] == box
        assert annotation['area'] == mask.sum()
    assert {annotation['iscrowd'] for annotation in coco.dataset['annotations']} == {0, 1}


def test_images_are_the_scenes(ten):
    coco = COCO(str(ten))
    for image in coco.dataset['images']:
        read = cv2.imread(str(ten.parent / 'images' / image['file_name']))[..., ::-1]
        assert read.shape == (image['height'], image['width'], 3)
        scene = make_scene(0, image['id'] - 1, SceneConfig(**SMALL))
        assert np.abs(read.astype(int) - scene.image).mean() < 5


def test_bad_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match='num_images must be at least 1, got 0'):
        make_scenes(tmp_path, 0, seed=0)
    with pytest.raises(TypeError, match='num_object'):
        make_scenes(tmp_path, 1, seed=0, num_object=(1, 2))
    assert not any(tmp_path.iterdir())
    with pytest.raises(ValueError, match='a seed must be at least 0, got -1'):
        make_scenes(tmp_path, 1, seed=-1)


def test_a_run_goes_on_with_the_same_settings_alone(ten, tmp_path):
    make_scenes(tmp_path, 4, seed=0, **SMALL)
    assert make_scenes(tmp_path, 10, seed=0, **SMALL).read_bytes() == ten.read_bytes()
    with pytest.raises(ValueError, match=r'begun with other settings \(noise was 6.0, is 7.0; seed was 0, is 2\)'):
        make_scenes(tmp_path, 10, seed=2, noise=7.0, **SMALL)
