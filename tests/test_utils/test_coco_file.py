import json
import math
from pathlib import Path

import pytest
from pycocotools import mask as mask_utils

from mmosis.utils.coco_file import load_coco
from mmosis.utils.coco_objects import count_skipped


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


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        ('"id": 7', '"id": null'),  # and the end is missing
        ('"height": 80', '"height": [' + '[' * 10**5),
        ('"height": 80', '"height": ' + '8' * 5000),
        ('"name": "person"', '"name": "person\\ud83d"'),  # half a character, which could not be printed
    ],
)
def test_what_is_no_json_is_refused_though_a_value_is_wrong_too(ann_file, old, new):
    path = Path(ann_file())
    text = path.read_text()
    path.write_text(text.replace(old, new, 1)[: None if 'ud83d' in new else -1])
    with pytest.raises(ValueError, match=f'^{path} is not a JSON file: '):
        load_coco(str(path))


def test_a_list_that_comes_twice_is_refused(ann_file):
    path = Path(ann_file())
    path.write_text(path.read_text().replace('"height": 72', '"height": 0', 1)[:-1] + ', "images": [{}]}')
    with pytest.raises(ValueError, match=f'{path}: "images" must be listed once, got it several times'):
        load_coco(str(path))


@pytest.mark.parametrize('content', [[], 3, {}, dict(images=[dict(id=1, file_name='a', height=1, width=1)])])
def test_other_json_is_refused(tmp_path, content):
    path = tmp_path / 'other.json'
    path.write_text(json.dumps(content))
    with pytest.raises(
        ValueError, match=r'is not a COCO-format file with content: "(images|annotations|categories)" is missing'
    ):
        load_coco(str(path))


@pytest.mark.parametrize('key', ['images', 'annotations', 'categories'])
def test_an_empty_list_is_refused(ann_file, key):
    with pytest.raises(ValueError, match=f'is not a COCO-format file with content: "{key}" is missing or empty'):
        load_coco(ann_file(**{key: []}))


@pytest.mark.parametrize(
    ('key', 'field', 'message'),
    [
        ('images', 'id', 'image number 1 of the list must have an id, a number or a word, got nothing'),
        ('images', 'height', 'image 7 must have a height of whole pixels, 1 to 65535, got nothing'),
        ('images', 'file_name', 'image 7 must have a file_name, text, got nothing'),
        ('annotations', 'id', 'annotation number 1 of the list must have an id, a number or a word, got nothing'),
        ('annotations', 'image_id', 'annotation 100 must have an image_id, a number or a word, got nothing'),
        ('annotations', 'category_id', 'annotation 100 must have a category_id, a number or a word, got nothing'),
        ('annotations', 'bbox', r'annotation 100 must have a bbox \[x, y, width, height\], four .* got nothing'),
        ('categories', 'name', 'category 10 must have a name, text or a number, got nothing'),
    ],
)
def test_entries_without_a_needed_field_are_refused(ann_file, key, field, message):
    path = ann_file(**{key: _without(field)})
    with pytest.raises(ValueError, match=f'{path}: {message}'):
        load_coco(path)


@pytest.mark.parametrize('id_type', [int, str, float])
@pytest.mark.parametrize(('key', 'first'), [('images', 7), ('annotations', 100), ('categories', 10)])
def test_ids_must_be_unique(ann_file, key, first, id_type):
    """1 and "1" are one id."""

    def repeat(entries):
        return [*entries, dict(entries[0], name='another', id=id_type(first))]

    with pytest.raises(ValueError, match=rf'ids of "{key}" must be unique, got \d+ with \d+ ids; more .*: {first}$'):
        load_coco(ann_file(**{key: repeat}))


def test_ids_of_numbers_and_words_are_refused(ann_file):
    with pytest.raises(ValueError, match='ids of "images" must be all numbers or all words, got both, as \'one\''):
        load_coco(ann_file(images=lambda entries: [*entries, dict(entries[0], id='one')]))


@pytest.mark.parametrize('given', ['7', 7.0, '7.0'])
def test_a_number_may_stand_as_text_where_it_is_referred_to(ann_file, given):
    coco = load_coco(ann_file(annotations=_first(image_id=given, category_id='20')))
    assert [ann['id'] for ann in coco.imgToAnns[7]] == [100, 101, 102]
    assert (coco.anns[100]['image_id'], coco.anns[100]['category_id']) == (7, 20)


def test_words_may_be_referred_to_by_numbers(ann_file):
    coco = load_coco(ann_file(images=lambda entries: [dict(entry, id=str(entry['id'])) for entry in entries]))
    assert [ann['id'] for ann in coco.imgToAnns['7']] == [100, 101, 102]


def test_negatives_of_an_image_are_ids_of_categories(ann_file):
    coco = load_coco(ann_file(images=_first(neg_category_ids=['10', 30.0])))
    assert coco.imgs[7]['neg_category_ids'] == [10, 30]


def test_negatives_may_name_category_0(ann_file):
    def first_is_0(entries):
        return [dict(entry, id=0 if entry['id'] == 70 else entry['id']) for entry in entries]

    coco = load_coco(ann_file(images=_first(neg_category_ids=['0', 10]), categories=first_is_0))
    assert coco.imgs[7]['neg_category_ids'] == [0, 10]


# ---------------------------------------------------------------- values

NUMBERS = [math.nan, math.inf, -math.inf, 1e308, 3e9, 10**30, -(10**30)]
VALUES = [None, True, False, 'some text', '', [], [1], {}, {'a': 1}, [[]], *NUMBERS, -1, 0.5]
# Of each field, what of VALUES is taken, and as what; all else is refused with file, entry and field.
TAKEN = {
    ('images', 'file_name'): {'some text': 'some text'},
    ('images', 'height'): {},
    ('images', 'width'): {},
    ('annotations', 'bbox'): {},
    ('annotations', 'area'): {'None': 600, '-1': -1, '0.5': 0.5, '3000000000.0': 3e9},
    ('annotations', 'iscrowd'): {'None': 0, 'True': 1, 'False': 0},
    ('annotations', 'ignore'): {'None': None, 'True': True, 'False': False},
    ('annotations', 'segmentation'): {'None': None, '[]': None, '[[]]': None},
    ('categories', 'name'): {
        **{str(number): str(float(number)) for number in (1e308, 3e9, 0.5)},
        **{'some text': 'some text', '': '', '-1': '-1', str(10**30): str(10**30), str(-(10**30)): str(-(10**30))},
    },
}


@pytest.mark.parametrize(('key', 'field'), TAKEN)
def test_values_are_taken_or_refused_by_name(ann_file, key, field):
    taken = TAKEN[key, field]
    path = Path(ann_file())
    content = json.loads(path.read_text())
    entry = content[key][0]
    for value in VALUES:
        entry[field] = value
        path.write_text(json.dumps(content))
        if str(value) in taken:
            dataset = load_coco(str(path)).dataset
            assert dataset[key][0].get(field) == taken[str(value)], value
        else:
            name = f'{path}: {key.replace("ies", "y").rstrip("s")} {entry["id"]}'
            with pytest.raises(ValueError, match=f'^{name}.*({field}|polygon)'):
                load_coco(str(path))


@pytest.mark.parametrize('value', [None, True, [], {}, 7.5, math.nan, '', 'a\0'])
@pytest.mark.parametrize('field', ['image_id', 'category_id', 'id'])
def test_what_is_no_id_is_refused(ann_file, field, value):
    with pytest.raises(ValueError, match=rf'annotation (100|number 1 of the list) must have an? {field}, a number or'):
        load_coco(ann_file(annotations=_first(**{field: value})))


@pytest.mark.parametrize('given', [80, 80.0, '80', '80.0'])
def test_exact_numbers_are_taken(ann_file, given):
    box = [given, 5, '30', 20.0]
    coco = load_coco(ann_file(images=_first(height=given), annotations=_first(bbox=box, area=str(given))))
    assert (coco.imgs[7]['height'], type(coco.imgs[7]['height'])) == (80, int)
    assert (coco.anns[100]['bbox'], coco.anns[100]['area']) == ([80, 5, 30, 20], 80)


def test_files_in_other_encodings_are_read(ann_file):
    path = Path(ann_file())
    text = path.read_text()
    for encoding in ('utf-8-sig', 'utf-16'):
        path.write_text(text, encoding)
        assert len(load_coco(str(path)).anns) == 24


def test_lists_must_be_lists(ann_file):
    with pytest.raises(ValueError, match=r'"annotations" must be a list, got \{\'1\': \{'):
        load_coco(ann_file(annotations=lambda entries: {'1': entries[0]}))
    with pytest.raises(ValueError, match='entries of "annotations" must be objects, got None'):
        load_coco(ann_file(annotations=lambda entries: [None, *entries]))


def test_an_image_larger_than_masks_can_be_is_refused(ann_file):
    with pytest.raises(ValueError, match='image 7 must have at most 268435456 pixels, got 30000x30000'):
        load_coco(ann_file(images=_first(height=30000, width=30000)))


def test_backslashes_are_slashes(ann_file):
    assert load_coco(ann_file(images=_first(file_name='images\\a.jpg'))).imgs[7]['file_name'] == 'images/a.jpg'


def test_names_become_text(ann_file):
    assert load_coco(ann_file(categories=_first(name=1))).cats[10]['name'] == '1'
    with pytest.raises(ValueError, match='category names must be unique, since splits go by name; got twice: 1'):
        load_coco(
            ann_file(categories=lambda entries: [dict(entries[0], name=1), *entries[1:-1], dict(entries[-1], name='1')])
        )


# ---------------------------------------------------------------- outlines

SQUARE = [5.0, 5.0, 35.0, 5.0, 35.0, 25.0, 5.0, 25.0]


@pytest.mark.parametrize(
    'given',
    [
        [SQUARE],
        SQUARE,
        [list(map(str, SQUARE))],
        [SQUARE[i : i + 2] for i in range(0, 8, 2)],
        [[SQUARE[i : i + 2] for i in range(0, 8, 2)]],
        [[0, 0, 1, 1], SQUARE, []],
    ],
)
def test_outlines_are_brought_into_one_form(ann_file, given):
    """The last has parts of two points and of none, which mmdet skips too."""
    assert load_coco(ann_file(annotations=_first(segmentation=given))).anns[100]['segmentation'] == [SQUARE]


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ([[5, 5, 30, 20]], r'an object must have a mask, .* got none in \[\[5\.0, 5\.0, 30\.0, 20\.0\]\]'),
        ([5, 5, 30, 20], 'an object must have a mask, polygons of at least three points'),
        ([SQUARE[:7]], 'a polygon must be numbers x, y, x, y, ..., got 7 in'),
        ([[math.nan, *SQUARE[1:]]], r'must have a segmentation, polygons .*, got \[\[nan'),
        ([[*SQUARE[:7], [25]]], r'must have a segmentation, polygons .*, got \[\[5\.0, .*\[25\]\]\]'),
        ([*SQUARE[:7], SQUARE], 'must have a segmentation, polygons'),
        (dict(counts=[8000]), 'must have a segmentation, .*, got'),
        (dict(size=[80, 100], counts=[4000, 3999]), 'RLE must have runs of 8000 pixels in all, .*, got runs of 7999'),
        (dict(size=[80, 100], counts=[4000, 4001]), 'RLE must have runs of 8000 pixels in all, .*, got runs of 8001'),
        (dict(size=[80, 100], counts=[4000, -1, 4001]), 'must have a segmentation'),
        (dict(size=[100, 80], counts=[8000]), r'RLE must have the size of its image, \[80, 100\] .*, got \[100, 80\]'),
        (dict(size=[80, 100], counts='garbage!'), '.* got text that holds no run lengths'),
        (dict(size=[80, 100], counts='o7'), 'RLE must have runs of 8000 pixels in all, as its image, got runs of 255'),
    ],
)
def test_what_is_no_outline_is_refused(ann_file, given, message):
    path = ann_file(annotations=_first(segmentation=given))
    with pytest.raises(ValueError, match=f'{path}: annotation 100:? {message}'):
        load_coco(path)


@pytest.mark.parametrize('box', [[5, 5, 30, 20], [0, 0, 1, 1.5]])
def test_polygons_in_shares_of_the_image_are_refused(ann_file, box):
    path = ann_file(annotations=_first(segmentation=[[value / 100 for value in SQUARE]], bbox=box))
    if box[2] > 1:
        with pytest.raises(ValueError, match=rf'{path}: annotation 100: polygons are in pixels, got values in 0-1, \['):
            load_coco(path)
    else:
        assert load_coco(path).anns[100]['segmentation'] == [[value / 100 for value in SQUARE]]


@pytest.mark.parametrize('form', [lambda polygon: [polygon], lambda polygon: polygon])
def test_nothing_is_allocated_for_an_endless_polygon(ann_file, form):
    """pycocotools takes 40 bytes for each pixel along it, and dies where it gets none."""
    zigzag = [0, 0, 131072, 131072] * 1000
    path = ann_file(annotations=_first(segmentation=form(zigzag)))
    with pytest.raises(
        ValueError,
        match=f'{path}: annotation 100: a polygon must be at most 16777216 pixels long, got 2000 points over 262144000',
    ):
        load_coco(path)
    assert load_coco(ann_file(annotations=_first(segmentation=[SQUARE * 1000]))).anns[100]['segmentation'] == [
        SQUARE * 1000
    ]


@pytest.mark.parametrize('compressed', [False, True])
def test_runs_that_an_empty_one_parts_are_joined(ann_file, compressed):
    """At an empty run pycocotools ends its count of what two masks share."""
    runs = dict(size=[80, 100], counts=[4000, 60, 0, 40, 3900, 0])
    if compressed:
        runs['counts'] = mask_utils.frPyObjects(runs, 80, 100)['counts'].decode()
    coco = load_coco(ann_file(annotations=_first(segmentation=runs)))
    whole = mask_utils.frPyObjects(dict(size=[80, 100], counts=[4000, 100, 3900]), 80, 100)
    assert mask_utils.iou([coco.annToRLE(coco.anns[100])], [whole], [False]).tolist() == [[1.0]]


@pytest.mark.parametrize('size', [[80, 100], ['80', '100'], [80.0, 100.0]])
def test_sizes_of_run_lengths_may_be_any_exact_numbers(ann_file, size):
    coco = load_coco(ann_file(annotations=_first(segmentation=dict(size=size, counts=[4000.0, 100, 3900]))))
    assert coco.anns[100]['segmentation'] == dict(size=[80, 100], counts=[4000, 100, 3900])
    assert coco.annToMask(coco.anns[100]).sum() == 100


# ---------------------------------------------------------------- what is skipped


def _each(**values):
    return lambda entries: [dict(entry, **values) for entry in entries]


def test_skipped_objects_have_their_reasons(ann_file):
    def change(entries):
        changes = [
            dict(ignore=1, iscrowd=1),
            dict(bbox=[200, 5, 30, 20]),
            dict(area=0),
            dict(bbox=[0.1, 0.2, 0.5, 0.3]),
            dict(bbox=[5, 5, 0.5, 20]),
            {},
            dict(bbox=[5, 5, 0, 20], area=0),
            dict(bbox=[5, 5, 0, 20]),
        ]
        return [*(dict(entry, **one) for entry, one in zip(entries, changes, strict=False)), *entries[len(changes) :]]

    skipped = load_coco(ann_file(annotations=change)).skipped
    assert skipped == {
        100: 'marked to ignore',
        101: 'outside the image',
        102: 'of area 0',
        103: 'of a box in 0-1, where boxes are in pixels',
        104: 'narrower than a pixel',
        105: 'crowds',
        106: 'of area 0',
        107: 'narrower than a pixel',
        110: 'narrower than a pixel',
    }
    assert count_skipped(skipped.values(), 24) == (
        '9 of 24 objects are skipped: 1 marked to ignore, 1 outside the image, 2 of area 0, 1 of a box in 0-1, where '
        'boxes are in pixels, 3 narrower than a pixel, 1 crowds'
    )


@pytest.mark.parametrize(
    ('change', 'why'),
    [
        (dict(iscrowd=1), '23 crowds'),
        (dict(area=0), '24 of area 0'),
        (dict(bbox=[0.1, 0.2, 0.5, 0.3]), '24 of a box in 0-1, where boxes are in pixels'),
        (dict(bbox=[500, 5, 20, 20]), '24 outside the image'),
    ],
)
def test_a_file_of_which_all_is_skipped_is_refused(ann_file, change, why):
    with pytest.raises(ValueError, match=f'json: nothing is left to find: 24 of 24 objects are skipped: .*{why}'):
        load_coco(ann_file(annotations=_each(**change)))


# ---------------------------------------------------------------- categories that stand for no objects


@pytest.mark.parametrize(
    'placeholder', [dict(name='kitchen', supercategory='none'), dict(name='__background__'), dict(name='Background')]
)
@pytest.mark.parametrize('place', [0, 3, 8])
def test_placeholders_take_no_place(ann_file, placeholder, place):
    def change(entries):
        others = [dict(entry, supercategory='kitchen') for entry in entries]
        return [*others[:place], dict(placeholder, id=0), *others[place:]]

    coco = load_coco(ann_file(categories=change))
    assert list(coco.cats) == [10, 20, 30, 40, 50, 60, 70, 80]
    assert coco.placeholders == [placeholder['name']]


def test_other_categories_without_objects_keep_their_place(ann_file):
    """A file to test on may lack some that the training's has: both are split alike."""
    coco = load_coco(ann_file(categories=_each(supercategory='vehicle')))
    assert (len(coco.cats), coco.cats[70]['name'], coco.placeholders) == (8, 'train', [])


def test_a_category_of_that_name_with_objects_stays(ann_file):
    assert load_coco(ann_file(categories=_first(name='background'))).cats[10]['name'] == 'background'


def test_category_names_must_be_unique(ann_file):
    with pytest.raises(ValueError, match='category names must be unique, since splits go by name; got twice: bus'):
        load_coco(ann_file(categories=_first(name='bus')))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(bbox=[1, 2, 3]), r'annotation 100 must have a bbox \[x, y, width, height\], .*, got \[1, 2, 3\]'),
        (dict(bbox=None), r'annotation 100 must have a bbox \[x, y, width, height\], .*, got None'),
        (dict(bbox=[1, 2, -3, 4]), r'annotation 100 must have a bbox .* sides of 0 or more, got \[1\.0, 2\.0, -3\.0'),
        (dict(image_id=99), 'annotation 100 belongs to image 99, which "images" does not list'),
        (dict(category_id=11), 'annotation 100 has category 11, which "categories" does not list'),
    ],
)
def test_annotations_that_do_not_fit_are_refused(ann_file, change, message):
    with pytest.raises(ValueError, match=message):
        load_coco(ann_file(annotations=_first(**change)))
