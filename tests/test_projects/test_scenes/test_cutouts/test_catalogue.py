from collections import Counter

import numpy as np
import pytest

from projects.scenes.cutouts import Source
from projects.scenes.cutouts.catalogue import Catalogue
from projects.scenes.cutouts.cutting import cut_out


def _catalogue(out_dir, *sources):
    return Catalogue(sources, [cut_out(source, out_dir / source.name) for source in sources])


@pytest.fixture
def catalogue(photographs, icons, tmp_path):
    return _catalogue(tmp_path, Source(str(photographs), weight=3), Source(str(icons), 'alpha', weight=1))


def test_sources_take_turns_by_their_weights_and_categories_equally_often(catalogue):
    names = [[catalogue.categories[category].name for category in catalogue.take_turn(i, 0, (1, 3))] for i in range(48)]
    of_icons = [['icons' in name for name in scene] for scene in names]
    assert all(len(set(scene)) == 1 for scene in of_icons), 'all main categories of a scene are of one source'
    assert sum(scene[0] for scene in of_icons) == 12
    counts = Counter(name for scene in names for name in scene)
    assert [counts[name] for name in ('mug', 'stapler', 'ruler', 'key')] == pytest.approx([18] * 4, abs=2)
    assert [catalogue.take_turn(i, 0, (1, 3)) for i in range(9)] != [
        catalogue.take_turn(i, 1, (1, 3)) for i in range(9)
    ]


def test_one_category_a_turn_comes_exactly_once_a_lap(catalogue):
    turns = [catalogue.take_turn(i, 0, (1, 1))[0] for i in range(16)]
    assert Counter(turns) == {0: 3, 1: 3, 2: 3, 3: 3, 4: 2, 5: 2}


def test_similar_ones_are_the_nearest_others(catalogue):
    rng = np.random.default_rng(0)
    names = [category.name for category in catalogue.categories]
    drawn = {names[catalogue.draw_similar(names.index('icons/a'), 1, rng)] for _ in range(5)}
    assert drawn <= set(names) - {'icons/a'}
    assert len(drawn) == 1
    assert len({catalogue.draw_similar(0, 3, rng) for _ in range(30)}) == 3


def test_any_category_is_drawn_by_the_weight_of_its_source(catalogue):
    rng = np.random.default_rng(0)
    drawn = Counter(catalogue.categories[catalogue.draw_category(rng)].source for _ in range(400))
    assert drawn['photographs'] == pytest.approx(300, abs=40)


def test_backgrounds_are_of_sources_without_weight_too(photographs, icons, tmp_path):
    catalogue = _catalogue(tmp_path, Source(str(photographs), weight=0), Source(str(icons), 'alpha'))
    assert 'photographs' in str(catalogue.draw_background(np.random.default_rng(0)))
    assert {catalogue.categories[catalogue.take_turn(i, 0, (1, 1))[0]].source for i in range(6)} == {'icons'}


def test_nothing_to_show_is_refused(photographs, icons, tmp_path):
    with pytest.raises(ValueError, match='nothing was cut out of the sources; lower their min_side'):
        _catalogue(tmp_path / '1', Source(str(photographs), min_side=999))
    with pytest.raises(ValueError, match='no photograph is left as a background'):
        _catalogue(tmp_path / '2', Source(str(icons), 'alpha'))
