"""The folder: what shows where, and that nothing held out leaks into the training."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS

from projects.scenes.omniglot import make_cluttered_omniglot, read_characters

SMALL = dict(num_train=12, num_test=10, image_size=64, num_categories=(2, 3))


def _make(out_dir, zip_file, **settings) -> Path:
    return make_cluttered_omniglot(out_dir, [zip_file], **{**SMALL, **settings})


def _files(folder):
    return {path.name: path.read_bytes() for path in [*(folder / 'images').iterdir(), folder / 'annotations.json']}


def _names(path):
    return path.read_text().splitlines()


def _shown(ann_file):
    dataset = json.loads(ann_file.read_text())
    names = {category['id']: category['name'] for category in dataset['categories']}
    return {names[annotation['category_id']] for annotation in dataset['annotations']}


def _mirrored(which):
    """Exchange the drawings for which ``which(name, drawer)`` holds for others: the file's bytes upside down."""

    def change(name, drawer, png):
        if not which(name, drawer):
            return png
        image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
        return cv2.imencode('.png', image[::-1, ::-1])[1].tobytes()

    return change


def test_the_file_lists_all_characters_in_order_by_alphabet(make_zip, tmp_path):
    root = _make(tmp_path / 'data', make_zip())
    names = [character.name for character in read_characters([make_zip()])]
    for part in ('train', 'test'):
        categories = json.loads((root / part / 'annotations.json').read_text())['categories']
        assert [category['name'] for category in categories] == names
        assert [category['id'] for category in categories] == list(range(1, 17))
        assert all(category['name'].startswith(category['supercategory'] + '/') for category in categories)
    assert _names(root / 'one_shot.txt') == names[::4]
    assert _names(root / 'background.txt') == [name for name in names if name not in names[::4]]


def test_training_scenes_show_background_characters_only_and_test_scenes_all(make_zip, tmp_path):
    root = _make(tmp_path / 'data', make_zip(), num_train=60, num_test=60)
    background, one_shot = set(_names(root / 'background.txt')), set(_names(root / 'one_shot.txt'))
    assert _shown(root / 'train' / 'annotations.json') == background
    assert _shown(root / 'test' / 'annotations.json') == background | one_shot


def test_training_scenes_do_not_depend_on_held_out_characters_nor_on_test_drawers(make_zip, tmp_path):
    """Not a pixel of them, clutter included: with other drawings in their place the bytes are the same."""
    first = _make(tmp_path / 'first', make_zip())
    background = set(_names(first / 'background.txt'))
    unseen = make_zip('unseen.zip', change=_mirrored(lambda name, drawer: name not in background or drawer > 14))
    second = _make(tmp_path / 'second', unseen)
    assert _files(second / 'train') == _files(first / 'train')
    assert _files(second / 'test') != _files(first / 'test')
    seen = make_zip('seen.zip', change=_mirrored(lambda name, drawer: drawer <= 14))
    third = _make(tmp_path / 'third', seen)
    assert _files(third / 'train') != _files(first / 'train')
    assert _files(third / 'test') == _files(first / 'test'), 'test scenes are by the other drawers alone'


def test_test_scenes_are_the_same_for_every_hold_out(make_zip, tmp_path):
    archive = make_zip()
    settings = (dict(), dict(num_background=6), dict(hold_out=['Beta']), dict(split=3))
    roots = [_make(tmp_path / str(number), archive, **s) for number, s in enumerate(settings)]
    assert all(_files(root / 'test') == _files(roots[0] / 'test') for root in roots)
    assert len({(root / 'train' / 'annotations.json').read_bytes() for root in roots}) == 4
    assert _shown(roots[1] / 'train' / 'annotations.json') <= set(_names(roots[1] / 'background.txt'))
    assert len(_names(roots[1] / 'background.txt')) == 6
    assert {name.split('/')[0] for name in _names(roots[2] / 'one_shot.txt')} == {'Beta'}
    assert 'Beta' not in {name.split('/')[0] for name in _shown(roots[2] / 'train' / 'annotations.json')}


def test_workers_and_length_make_no_difference(make_zip, tmp_path):
    archive = make_zip()
    one = _make(tmp_path / 'one', archive, num_workers=1, num_train=18)
    none = _make(tmp_path / 'none', archive)
    images = {name: content for name, content in _files(none / 'train').items() if name.endswith('.jpg')}
    assert _files(one / 'train').items() >= images.items()
    assert _files(one / 'test') == _files(none / 'test')


@pytest.mark.parametrize('phase', ['one-shot', 'background'])
def test_the_dataset_of_episodes_takes_the_folder(make_zip, tmp_path, tiny_pipelines, phase):
    root = _make(tmp_path / 'data', make_zip(), num_test=40)
    dataset = DATASETS.build(
        dict(
            type='OneShotCocoDataset',
            data_root=str(root),
            ann_file='test/annotations.json',
            data_prefix=dict(img='test/images/'),
            one_shot_classes='one_shot.txt',
            background_classes='background.txt',
            phase=phase,
            test_mode=True,
            pipeline=tiny_pipelines['test'],
            ref_pipeline=tiny_pipelines['ref'],
        )
    )
    names = _names(root / f'{phase.replace("-", "_")}.txt')
    found = {
        dataset.metainfo['classes'][e.label]
        for i in range(len(dataset))
        for e in dataset.list_episodes(dataset.get_data_info(i))
    }
    assert found == set(names)
    assert dataset[0]['ref_inputs'].shape[2:] == (3, 32, 32)


def test_bad_arguments_are_refused_before_anything_is_written(make_zip, tmp_path):
    archive = make_zip()
    for drawers in (0, 20):
        with pytest.raises(ValueError, match=f'train_drawers must lie between 1 and 19, got {drawers}'):
            _make(tmp_path / 'data', archive, train_drawers=drawers)
    with pytest.raises(ValueError, match=r'up to 3 categories.*more background characters than the 3 that are left'):
        _make(tmp_path / 'data', archive, num_background=3)
    with pytest.raises(TypeError, match='num_category'):
        _make(tmp_path / 'data', archive, num_category=3)
    assert not (tmp_path / 'data').exists()
