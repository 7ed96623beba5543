from itertools import combinations

import pytest

from projects.scenes.synthetic.categories import CATEGORIES, CATEGORY_OUTLINES, CUES, Appearance
from projects.scenes.synthetic.outlines import OUTLINES


def test_there_are_eighty_names():
    assert len({appearance.name for appearance in CATEGORIES}) == len(CATEGORIES) == 80
    assert CATEGORIES[0].name == 'striped red-white star'


def test_two_categories_have_one_cue_in_common_at_most():
    assert max(a.num_shared(b) for a, b in combinations(CATEGORIES, 2)) == 1


@pytest.mark.parametrize('split', range(4))
@pytest.mark.parametrize('cue', CUES)
def test_every_cue_value_is_held_out_twice_and_seen_six_times_in_every_split(cue, split):
    held_out = [getattr(appearance, cue) for appearance in CATEGORIES[split::4]]
    values = {getattr(appearance, cue) for appearance in CATEGORIES}
    assert len(values) == 10
    assert all(held_out.count(value) == 2 for value in values)
    assert all([getattr(appearance, cue) for appearance in CATEGORIES].count(value) == 8 for value in values)


def test_some_outlines_are_left_to_distractors():
    assert len(set(OUTLINES) - set(CATEGORY_OUTLINES)) >= 3


def test_num_shared_counts_cues():
    appearance = Appearance('star', 'striped', 'red-white')
    assert appearance.num_shared(appearance) == 3
    assert appearance.num_shared(Appearance('star', 'dotted', 'red-white')) == 2
    assert appearance.num_shared(Appearance('gear', 'dotted', 'red-teal')) == 0
