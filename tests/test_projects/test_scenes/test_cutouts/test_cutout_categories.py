from pathlib import Path

import numpy as np
import pytest

from projects.scenes.cutouts import Source
from projects.scenes.cutouts.cutout_categories import Category, Cutout, join_categories, read_source
from projects.scenes.cutouts.cutting import cut_out


@pytest.fixture(scope='module')
def read(photographs, icons, tmp_path_factory):
    out_dir = tmp_path_factory.mktemp('cut')
    sources = [Source(str(photographs)), Source(str(icons), 'alpha')]
    return [read_source(source, cut_out(source, out_dir / source.name)) for source in sources]


def test_categories_are_read_with_their_cut_outs_and_backgrounds(read):
    (categories, backgrounds), (icons, no_backgrounds) = read
    assert [(category.name, category.source, len(category.cutouts)) for category in categories] == [
        ('mug', 'photographs', 1),
        ('stapler', 'photographs', 1),
        ('ruler', 'photographs', 2),
        ('key', 'photographs', 1),
    ]
    assert all(cutout.file.is_file() for category in categories for cutout in category.cutouts)
    assert len(backgrounds) == 4
    assert all(background.with_suffix('.jpg').is_file() for background in backgrounds)
    assert [category.name for category in icons] == ['icons/a', 'icons/a_copy', 'icons/b']
    assert no_backgrounds == []


def test_categories_of_one_appearance_are_one(read):
    categories, numbers = join_categories(read[1][0])
    assert [(category.name, len(category.cutouts)) for category in categories] == [('icons/a', 2), ('icons/b', 1)]
    assert numbers == {'icons/a': 0, 'icons/b': 1, 'icons/a_copy': 0}


def test_categories_of_one_name_are_one_of_the_first_source():
    cutouts = [Cutout(Path(str(i)), (9, 9), np.full(3, float(i))) for i in range(3)]
    categories, numbers = join_categories(
        [Category('mug', 'x', cutouts[:1]), Category('key', 'x', []), Category('mug', 'y', cutouts[1:])]
    )
    assert [(category.name, category.source, category.cutouts) for category in categories] == [
        ('mug', 'x', cutouts),
        ('key', 'x', []),
    ]
    assert numbers == dict(mug=0, key=1)
