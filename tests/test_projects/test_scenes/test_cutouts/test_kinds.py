from pathlib import Path

import numpy as np
import pytest

from projects.scenes.cutouts import Source
from projects.scenes.cutouts.cutting import cut_out
from projects.scenes.cutouts.kinds import Cutout, Kind, join_kinds, read_source


@pytest.fixture(scope='module')
def read(photographs, icons, tmp_path_factory):
    out_dir = tmp_path_factory.mktemp('cut')
    sources = [Source(str(photographs)), Source(str(icons), 'alpha')]
    return [read_source(source, cut_out(source, out_dir / source.name)) for source in sources]


def test_kinds_are_read_with_their_cut_outs_and_grounds(read):
    (kinds, grounds), (icons, no_grounds) = read
    assert [(kind.name, kind.source, len(kind.cutouts)) for kind in kinds] == [
        ('mug', 'photographs', 1),
        ('stapler', 'photographs', 1),
        ('ruler', 'photographs', 2),
        ('key', 'photographs', 1),
    ]
    assert all(cutout.file.is_file() for kind in kinds for cutout in kind.cutouts)
    assert len(grounds) == 4
    assert all(ground.with_suffix('.jpg').is_file() for ground in grounds)
    assert [kind.name for kind in icons] == ['icons/a', 'icons/a_copy', 'icons/b']
    assert no_grounds == []


def test_kinds_of_one_look_are_one(read):
    kinds, numbers = join_kinds(read[1][0])
    assert [(kind.name, len(kind.cutouts)) for kind in kinds] == [('icons/a', 2), ('icons/b', 1)]
    assert numbers == {'icons/a': 0, 'icons/b': 1, 'icons/a_copy': 0}


def test_kinds_of_one_name_are_one_of_the_first_source():
    cutouts = [Cutout(Path(str(i)), (9, 9), np.full(3, float(i))) for i in range(3)]
    kinds, numbers = join_kinds([Kind('mug', 'x', cutouts[:1]), Kind('key', 'x', []), Kind('mug', 'y', cutouts[1:])])
    assert [(kind.name, kind.source, kind.cutouts) for kind in kinds] == [('mug', 'x', cutouts), ('key', 'x', [])]
    assert numbers == dict(mug=0, key=1)
