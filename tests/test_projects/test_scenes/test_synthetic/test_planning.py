import numpy as np
import pytest

from projects.scenes.synthetic import CATEGORIES, SceneConfig
from projects.scenes.synthetic.categories import NUM_RICH, VOCABULARIES
from projects.scenes.synthetic.planning import plan_scene


def _plans(num=200, **parameters):
    config = SceneConfig(**parameters)
    return [plan_scene(np.random.default_rng(seed), config) for seed in range(num)]


def _counted(plan):
    return [planned for planned in plan if planned.category is not None and not planned.crowd]


def test_numbers_follow_the_config():
    for plan in _plans(num_categories=(2, 3), num_objects=(4, 6), num_distractors=(1, 2)):
        assert 4 <= len(_counted(plan)) <= 6
        assert 2 <= len({planned.category for planned in _counted(plan)}) <= 3
        assert 1 <= sum(planned.category is None for planned in plan) <= 2


@pytest.mark.parametrize(('close_prob', 'num_shared'), [(0.0, 1), (1.0, 2)])
def test_distractors_have_cues_of_a_category_present_and_are_of_none(close_prob, num_shared):
    for plan in _plans(close_distractor_prob=close_prob):
        present = [CATEGORIES[planned.category] for planned in _counted(plan)]
        for distractor in (planned.appearance for planned in plan if planned.category is None):
            assert distractor not in CATEGORIES
            assert any(distractor.num_shared(appearance) == num_shared for appearance in present)


def test_companions_have_the_cue_asked_for():
    for plan in _plans(companion_prob=1.0, shared_cue=(1e-9, 1e-9, 1 - 2e-9), num=50):
        assert len({CATEGORIES[planned.category].palette for planned in _counted(plan)}) == 1


def test_every_category_gets_its_turn_and_sizes_stay_in_range():
    plans = _plans(small_prob=0.0, size=(0.2, 0.4), image_size=100)
    assert len({planned.category for plan in plans for planned in _counted(plan)}) == len(CATEGORIES)
    sizes = [planned.size for plan in plans for planned in plan if not planned.crowd]
    assert 20 <= min(sizes) < 22
    assert 38 < max(sizes) <= 40


def test_a_crowd_is_one_category_drawn_last():
    for plan in _plans(crowd_prob=1.0, crowd_objects=(6, 8), num=30):
        members = [planned for planned in plan if planned.crowd]
        assert 6 <= len(members) <= 8
        assert plan[-len(members) :] == members
        assert len({planned.category for planned in members}) == 1
    assert not any(planned.crowd for plan in _plans(crowd_prob=0.0, num=30) for planned in plan)


def test_rich_scenes_never_show_what_the_fixed_test_set_asks_for():
    """Neither its 800 categories nor its distractors look like one of the 80."""
    rich = VOCABULARIES['rich']
    assert len(set(rich.categories)) == NUM_RICH
    assert rich.reserved == set(CATEGORIES)
    appearances = {planned.appearance for plan in _plans(300, vocabulary='rich') for planned in plan}
    assert len(appearances) > 500
    assert not appearances & set(CATEGORIES)
    assert not set(rich.categories) & set(CATEGORIES)
