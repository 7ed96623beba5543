import json

import pytest

from mmosis.utils.coco_file import load_coco


@pytest.fixture
def ann_file(tiny_coco):
    """Write the tiny set with changes; returns the annotation file."""
    return lambda **changes: str(tiny_coco(**changes) / 'annotations.json')


def _without(*fields):
    return lambda entries: [{k: v for k, v in entry.items() if k not in fields} for entry in entries]


def _first(**values):
    return lambda entries: [dict(entries[0], **values), *entries[1:]]


def test_the_index_has_what_the_file_has(ann_file):
    coco = load_coco(ann_file())
    assert list(coco.imgs) == [7, 3, 12, 5, 20, 9, 31, 44]
    assert list(coco.cats) == [10, 20, 30, 40, 50, 60, 70, 80]
    assert [ann['id'] for ann in coco.img_ann_map[7]] == [100, 101, 102]
    assert coco.cat_img_map[60] == [9]
    assert coco.img_ann_map[44] == []


def test_missing_crowd_and_area_are_filled_in(ann_file):
    coco = load_coco(ann_file(annotations=_without('iscrowd', 'area')))
    assert {ann['iscrowd'] for ann in coco.anns.values()} == {0}
    assert coco.anns[100]['area'] == 30 * 20


def test_given_crowd_and_area_are_kept(ann_file):
    coco = load_coco(ann_file(annotations=_first(area=7.5)))
    assert coco.anns[100]['area'] == 7.5
    assert [ann['id'] for ann in coco.anns.values() if ann['iscrowd']] == [105]


def test_a_missing_file_is_named(tmp_path):
    path = str(tmp_path / 'none.json')
    with pytest.raises(FileNotFoundError, match=f'annotation file {path} does not exist; check data_root and ann_file'):
        load_coco(path)


@pytest.mark.parametrize('content', [b'', b'{"images": [', b'\xff\xfe\xfa', b'no json'])
def test_what_is_no_json_is_refused(tmp_path, content):
    path = tmp_path / 'bad.json'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'{path} is not a JSON file: '):
        load_coco(str(path))


@pytest.mark.parametrize('content', [[], 3, {}, dict(images=[dict(id=1, file_name='a', height=1, width=1)])])
def test_other_json_is_refused(tmp_path, content):
    path = tmp_path / 'other.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r'is not a COCO-format file with content: "(images|annotations)" is missing'):
        load_coco(str(path))


@pytest.mark.parametrize('key', ['images', 'annotations', 'categories'])
def test_an_empty_list_is_refused(ann_file, key):
    with pytest.raises(ValueError, match=f'is not a COCO-format file with content: "{key}" is missing or empty'):
        load_coco(ann_file(**{key: []}))


@pytest.mark.parametrize(
    ('key', 'field'),
    [('images', 'id'), ('images', 'height'), ('images', 'file_name'), ('annotations', 'id'), ('categories', 'name')],
)
def test_entries_without_a_needed_field_are_refused(ann_file, key, field):
    with pytest.raises(ValueError, match=rf'entries of "{key}" must have \[.*\'{field}\'.*\], got \{{'):
        load_coco(ann_file(**{key: _without(field)}))


@pytest.mark.parametrize('key', ['images', 'annotations', 'categories'])
def test_ids_must_be_unique(ann_file, key):
    def repeat(entries):
        return [*entries, dict(entries[0], name='another')]

    with pytest.raises(ValueError, match=rf'ids of "{key}" must be unique, got (\d+) with \d+ ids'):
        load_coco(ann_file(**{key: repeat}))


def test_category_names_must_be_unique(ann_file):
    with pytest.raises(ValueError, match='category names must be unique, since splits go by name; got twice: bus'):
        load_coco(ann_file(categories=_first(name='bus')))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(bbox=[1, 2, 3]), r'annotation 100 must have a bbox \[x, y, width, height\], got \[1, 2, 3\]'),
        (dict(bbox=None), r'annotation 100 must have a bbox \[x, y, width, height\], got None'),
        (dict(image_id=99), 'annotation 100 belongs to image 99, which "images" does not list'),
        (dict(category_id=11), 'annotation 100 has category 11, which "categories" does not list'),
    ],
)
def test_annotations_that_do_not_fit_are_refused(ann_file, change, message):
    with pytest.raises(ValueError, match=message):
        load_coco(ann_file(annotations=_first(**change)))
