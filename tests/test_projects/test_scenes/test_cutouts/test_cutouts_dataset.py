import json

import pytest
from pycocotools.coco import COCO

from projects.scenes.cutouts import compose_scenes

SMALL = dict(image_size=64)


def _files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


@pytest.fixture
def complete(sources, tmp_path):
    return compose_scenes(tmp_path / 'complete', sources, 12, seed=0, **SMALL)


def test_scenes_are_written_as_coco(complete):
    coco = COCO(str(complete))
    assert [(category['name'], category['supercategory']) for category in coco.dataset['categories']] == [
        ('mug', 'photographs'),
        ('stapler', 'photographs'),
        ('ruler', 'photographs'),
        ('key', 'photographs'),
        ('icons/a', 'icons'),
        ('icons/b', 'icons'),
    ]
    assert len(list((complete.parent / 'images').iterdir())) == len(coco.imgs) == 12
    assert {annotation['category_id'] for annotation in coco.dataset['annotations']} == set(range(1, 7))


@pytest.mark.parametrize('stopped', ['while cutting', 'while composing'])
def test_a_stopped_run_goes_on_to_the_same_files(complete, sources, tmp_path, monkeypatch, stopped):
    out_dir, seen = tmp_path / 'stopped', []
    place = f'projects.scenes.cutouts.{"cutting._cut_photograph" if "cutting" in stopped else "dataset.compose_scene"}'
    module, name = place.rsplit('.', 1)
    original = getattr(__import__(module, fromlist=[name]), name)

    def stop(index, *args, **kwargs):
        seen.append(index)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return original(index, *args, **kwargs)

    monkeypatch.setattr(place, stop)
    with pytest.raises(KeyboardInterrupt):
        compose_scenes(out_dir, sources, 12, seed=0, **SMALL)
    assert not (out_dir / 'annotations.json').exists()
    compose_scenes(out_dir, sources, 12, seed=0, **SMALL)
    assert seen[:4] == [0, 1, 2, 2], 'what was done is not done again'
    assert _files(out_dir) == _files(complete.parent)


def test_workers_make_no_difference(complete, sources, tmp_path):
    compose_scenes(tmp_path / 'helped', sources, 12, seed=0, num_workers=2, **SMALL)
    assert _files(tmp_path / 'helped') == _files(complete.parent)


def test_another_folder_with_the_same_content_goes_on(complete, sources, photographs, tmp_path):
    (tmp_path / 'link').mkdir()
    (tmp_path / 'link' / 'photographs').symlink_to(photographs)
    moved = [dict(folder=str(tmp_path / 'link' / 'photographs')), sources[1]]
    before = _files(complete.parent)
    assert compose_scenes(complete.parent, moved, 12, seed=0, **SMALL) == complete
    assert _files(complete.parent) == before


def test_other_settings_are_refused(complete, sources):
    with pytest.raises(ValueError, match='begun with other settings'):
        compose_scenes(complete.parent, sources, 12, seed=1, **SMALL)
    with pytest.raises(ValueError, match=r'begun with other settings \(exclude'):
        compose_scenes(complete.parent, [dict(sources[0], exclude=('mug',)), sources[1]], 12, seed=0, **SMALL)
    assert complete.exists()


def test_what_is_held_out_is_not_shown(sources, tmp_path):
    ann_file = compose_scenes(tmp_path, [dict(sources[0], split=1)], 6, seed=0, **SMALL)
    names = [category['name'] for category in json.loads(ann_file.read_text())['categories']]
    assert names == ['stapler', 'ruler', 'key']


def test_sources_of_one_name_and_unknown_settings_are_refused(sources, tmp_path):
    with pytest.raises(ValueError, match='names of sources must differ, got photographs, photographs'):
        compose_scenes(tmp_path, [sources[0], sources[0]], 1, seed=0)
    with pytest.raises(TypeError, match='num_kind'):
        compose_scenes(tmp_path, sources, 1, seed=0, num_kind=(1, 2))
    with pytest.raises(TypeError, match='path'):
        compose_scenes(tmp_path, [dict(path='x')], 1, seed=0)
    assert not any(tmp_path.iterdir())
