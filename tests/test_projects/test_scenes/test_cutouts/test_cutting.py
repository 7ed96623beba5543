import cv2
import numpy as np
import pytest
from photographs import write_photographs

from projects.scenes.cutouts import Source
from projects.scenes.cutouts.cutting import cut_out
from projects.scenes.journal import read_journal


def _cut(folder, out_dir, **settings):
    records = list(read_journal(cut_out(Source(str(folder), **settings), out_dir)))
    return [cutout for record in records for cutout in record['cutouts']], [record['ground'] for record in records]


def test_objects_of_categories(photographs, tmp_path):
    cutouts, backgrounds = _cut(photographs, tmp_path)
    # Not the one at the border, the tiny one and the crowd.
    assert [cutout['kind'] for cutout in cutouts] == ['mug', 'stapler', 'ruler', 'key', 'ruler']
    assert [cutout['size'] for cutout in cutouts] == [[40, 30], [50, 40], [90, 20], [36, 50], [60, 12]]
    assert [background['kinds'] for background in backgrounds] == [
        ['mug', 'stapler'],
        ['key', 'ruler'],
        ['mug', 'stapler'],
        ['ruler', 'stapler'],
    ]
    assert {cutout['file'] for cutout in cutouts} == {path.name for path in (tmp_path / 'cutouts').iterdir()}


def test_objects_at_the_border_if_they_are_wanted(photographs, tmp_path):
    assert len(_cut(photographs, tmp_path, cut_by_border=True)[0]) == 6


def test_each_object_a_category(photographs, tmp_path):
    cutouts, backgrounds = _cut(photographs, tmp_path, each_a_kind=True)
    assert [cutout['kind'] for cutout in cutouts][:2] == ['photographs/1-1', 'photographs/1-2']
    assert backgrounds[3]['kinds'] == ['photographs/4-8'], 'a crowd is no category'


def test_what_is_held_out_is_neither_cut_out_nor_on_a_background(photographs, tmp_path):
    cutouts, backgrounds = _cut(photographs, tmp_path, split=2)
    assert [cutout['kind'] for cutout in cutouts] == ['mug', 'ruler', 'key', 'ruler']
    assert [background and background['kinds'] for background in backgrounds] == [None, ['key', 'ruler'], None]


def test_no_more_of_a_category_and_no_more_backgrounds_than_wanted(photographs, tmp_path):
    cutouts, backgrounds = _cut(photographs, tmp_path, max_per_kind=1, max_grounds=2)
    assert [cutout['kind'] for cutout in cutouts].count('ruler') == 1
    assert len([background for background in backgrounds if background]) == 2


def test_images_with_alpha(icons, tmp_path):
    cutouts, backgrounds = _cut(icons, tmp_path, type='alpha')
    assert [(cutout['kind'], cutout['size']) for cutout in cutouts] == [
        ('icons/a', [49, 49]),
        ('icons/a_copy', [49, 49]),
        ('icons/b', [40, 40]),
    ]
    assert backgrounds == [None] * 4


def test_a_cut_image_is_not_cut_again(photographs, tmp_path):
    first = _cut(photographs, tmp_path)
    file = tmp_path / 'cutouts' / first[0][0]['file']
    file.write_bytes(b'touched')
    assert _cut(photographs, tmp_path) == first
    assert file.read_bytes() == b'touched'


def test_cut_outs_of_other_settings_are_refused(photographs, tmp_path):
    _cut(photographs, tmp_path)
    with pytest.raises(ValueError, match=r'begun with other settings \(min_side was 32, is 20\)'):
        _cut(photographs, tmp_path, min_side=20)


def test_an_object_without_a_mask_is_skipped(tmp_path):
    folder = write_photographs(tmp_path / 'given', [[(1, 10, 10, 40, 30), (2, 80, 50, 50, 40)]])
    text = (folder / 'annotations.json').read_text()
    (folder / 'annotations.json').write_text(text.replace('[[10, 10, 50, 10, 50, 40, 10, 40]]', '[]'))
    cutouts, backgrounds = _cut(folder, tmp_path / 'cut')
    assert [cutout['kind'] for cutout in cutouts] == backgrounds[0]['kinds'] == ['stapler']


def test_the_colours_are_those_of_the_object(photographs, tmp_path):
    cutouts, _ = _cut(photographs, tmp_path)
    patch = cv2.imread(str(tmp_path / 'cutouts' / cutouts[0]['file']), cv2.IMREAD_UNCHANGED)
    assert (patch[patch[..., 3] > 0][:, :3] == np.array([30, 30, 200])).all()
