import json

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from projects.scenes.coco_writer import Instance, Scene, write_scenes

CATEGORIES = [('circle', 'round'), ('square', 'angular')]


def _scene(index):
    """A scene with ``index`` squares, the last of them a crowd."""
    image = np.full((30, 50, 3), (200, 100, 10), np.uint8)
    masks = np.zeros((index, 30, 50), bool)
    for number in range(index):
        masks[number, 5 : 10 + number, 10 * number : 10 * number + 6] = True
    return Scene(image, tuple(Instance(1, mask, number == 3) for number, mask in enumerate(masks, 1)))


def test_scenes_are_written_as_coco(tmp_path):
    ann_file = write_scenes(tmp_path / 'new' / 'folder', 4, _scene, CATEGORIES)
    coco = COCO(str(ann_file))
    assert coco.dataset['categories'] == [
        dict(id=1, name='circle', supercategory='round'),
        dict(id=2, name='square', supercategory='angular'),
    ]
    assert [image['file_name'] for image in coco.dataset['images']] == [f'00000{n}.jpg' for n in range(1, 5)]
    assert list(coco.anns) == list(range(1, 7))
    assert [len(coco.imgToAnns[image_id]) for image_id in range(1, 5)] == [0, 1, 2, 3]
    for image_id, annotations in coco.imgToAnns.items():
        for annotation, instance in zip(annotations, _scene(image_id - 1).instances, strict=True):
            np.testing.assert_array_equal(coco.annToMask(annotation), instance.mask)
            assert annotation['iscrowd'] == instance.crowd
    assert coco.anns[6]['bbox'] == [20, 5, 6, 7]
    assert (coco.anns[6]['area'], coco.anns[6]['category_id']) == (42, 2)
    image = cv2.imread(str(ann_file.parent / 'images' / '000002.jpg'))
    np.testing.assert_allclose(image[15, 25, ::-1], (200, 100, 10), atol=3)


def test_workers_make_no_difference(tmp_path):
    alone, helped = (write_scenes(tmp_path / str(n), 4, _scene, CATEGORIES, num_workers=n) for n in (0, 2))
    assert alone.read_bytes() == helped.read_bytes()


def test_the_annotation_file_is_written_last(tmp_path):
    ann_file = write_scenes(tmp_path, 1, _scene, CATEGORIES)
    assert json.loads(ann_file.read_text())['annotations'] == []

    def fail(index):
        raise RuntimeError('interrupted')

    with pytest.raises(RuntimeError, match='interrupted'):
        write_scenes(tmp_path, 1, fail, CATEGORIES)
    assert not ann_file.exists()


def test_a_stopped_run_goes_on_to_the_same_files(tmp_path):
    made = []

    def stop(index):
        made.append(index)
        if len(made) == 3:
            raise KeyboardInterrupt
        return _scene(index)

    complete = write_scenes(tmp_path / 'complete', 5, _scene, CATEGORIES, settings=dict(seed=0))
    with pytest.raises(KeyboardInterrupt):
        write_scenes(tmp_path / 'stopped', 5, stop, CATEGORIES, settings=dict(seed=0))
    assert not (tmp_path / 'stopped' / 'annotations.json').exists()
    again = write_scenes(tmp_path / 'stopped', 5, stop, CATEGORIES, settings=dict(seed=0))
    assert made == [0, 1, 2, 2, 3, 4]
    files = [sorted(ann_file.parent.rglob('*.*')) for ann_file in (complete, again)]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_a_longer_run_goes_on_and_a_shorter_one_takes_the_first(tmp_path):
    lists = []
    for num in (2, 4, 3):
        ann_file = write_scenes(tmp_path, num, _scene, CATEGORIES, settings={})
        lists.append([image['id'] for image in json.loads(ann_file.read_text())['images']])
    assert lists == [[1, 2], [1, 2, 3, 4], [1, 2, 3]]


def test_scenes_of_other_settings_or_categories_are_refused_and_kept(tmp_path):
    ann_file = write_scenes(tmp_path, 1, _scene, CATEGORIES, settings=dict(seed=0))
    with pytest.raises(ValueError, match=r'begun with other settings \(seed was 0, is 1\)'):
        write_scenes(tmp_path, 1, _scene, CATEGORIES, settings=dict(seed=1))
    with pytest.raises(ValueError, match=r'begun with other settings \(categories was'):
        write_scenes(tmp_path, 1, _scene, CATEGORIES[:1], settings=dict(seed=0))
    assert ann_file.exists()


def test_scenes_of_an_older_version_are_made_anew(tmp_path):
    (tmp_path / 'annotations.json').write_text('old')

    def fail(index):
        raise RuntimeError('interrupted')

    with pytest.raises(RuntimeError, match='interrupted'):
        write_scenes(tmp_path, 1, fail, CATEGORIES, settings={})
    assert not (tmp_path / 'annotations.json').exists()


def test_no_scenes_are_refused(tmp_path):
    with pytest.raises(ValueError, match='num_images must be at least 1, got 0'):
        write_scenes(tmp_path / 'none', 0, _scene, CATEGORIES)
    assert not (tmp_path / 'none').exists()
