import json

import pytest
from photographs import NAMES

from projects.scenes.cutouts import Source


def test_a_source_is_called_as_its_folder_unless_it_has_a_name(photographs):
    assert Source(f'{photographs}/').name == 'photographs'
    assert Source(str(photographs), name='mine').name == 'mine'


def test_split_and_patterns_leave_categories_out(photographs):
    assert Source(str(photographs)).excluded(NAMES) == set()
    assert Source(str(photographs), split=2).excluded(NAMES) == {'stapler'}
    assert Source(str(photographs), split=2, exclude=['*e*']).excluded(NAMES) == {'stapler', 'ruler', 'key'}


def test_images_are_listed_by_name_without_those_excluded(icons):
    assert [path.stem for path in Source(str(icons), 'alpha').image_paths()] == ['a', 'a_copy', 'b', 'opaque']
    assert [path.stem for path in Source(str(icons), 'alpha', exclude=('a_*', 'o*')).image_paths()] == ['a', 'b']


def test_the_digest_tells_contents_apart(photographs, tmp_path):
    dataset = json.loads((photographs / 'annotations.json').read_text())
    (tmp_path / 'annotations.json').write_text(json.dumps(dataset))
    assert Source(str(tmp_path)).digest() == Source(str(photographs)).digest()
    dataset['annotations'].pop()
    (tmp_path / 'annotations.json').write_text(json.dumps(dataset))
    assert Source(str(tmp_path)).digest() != Source(str(photographs)).digest()


def test_wrong_sources_are_refused(photographs, tmp_path):
    with pytest.raises(ValueError, match=r"type of a source must be one of \('coco', 'alpha'\), got 'voc'"):
        Source(str(photographs), type='voc')
    with pytest.raises(ValueError, match=r'weight of .* must not be negative, got -1'):
        Source(str(photographs), weight=-1)
    with pytest.raises(FileNotFoundError, match='nowhere does not exist; expected a folder'):
        Source(str(tmp_path / 'nowhere'))
    with pytest.raises(ValueError, match=r'has no images \(.png, .webp\) to cut out'):
        Source(str(tmp_path), 'alpha').image_paths()
