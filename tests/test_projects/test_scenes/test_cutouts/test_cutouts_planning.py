from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from projects.scenes.cutouts import ComposeConfig
from projects.scenes.cutouts.cutout_categories import Category, Cutout
from projects.scenes.cutouts.planning import plan_scene


class FourCategories:
    """Categories 0 and 1 have three cut-outs of 100 pixels, 2 and 3 one; 0 and 1 are main ones, 2 resembles them."""

    categories = tuple(
        Category(str(number), 'x', [Cutout(Path(f'{number}{i}'), (100, 50), np.zeros(1)) for i in range(num)])
        for number, num in enumerate((3, 3, 1, 1))
    )

    def take_turn(self, index, seed, num_kinds):
        return [0, 1]

    def draw_similar(self, category, num_nearest, rng):
        return 2

    def draw_category(self, rng):
        return 3


def _plan(seed=0, **settings):
    config = ComposeConfig(**settings)
    return plan_scene(0, 0, np.random.default_rng(seed), FourCategories(), config), config


def test_main_categories_similar_ones_and_others_come_as_often_as_the_settings_say():
    planned, _ = _plan(num_instances=(2, 2), num_similar=(3, 3), num_others=(1, 1), many_prob=0.0)
    assert Counter(each.category for each in planned) == {0: 2, 1: 2, 2: 3, 3: 1}


def test_one_main_category_can_be_many_and_small():
    settings = dict(num_instances=(1, 1), num_many=(9, 9), many_prob=1.0, num_similar=(0, 0), num_others=(0, 0))
    planned, config = _plan(size=(0.25, 0.25), small_size=(0.1, 0.1), **settings)
    assert Counter(each.category for each in planned) == {0: 9, 1: 1}
    sizes = [each.size / config.image_size for each in planned if each.category == 0]
    assert 0.1 / config.size_jitter <= min(sizes) < max(sizes) <= 0.1 * config.size_jitter


def test_instances_are_of_different_cut_outs_as_far_as_there_are():
    planned, _ = _plan(num_instances=(4, 4), many_prob=0.0, num_similar=(0, 0), num_others=(0, 0))
    counts = Counter(each.cutout.file.name for each in planned if each.category == 0)
    assert sorted(counts.values()) == [1, 1, 2]


def test_few_instances_are_more_often_than_many():
    plans = [_plan(seed, many_prob=0.0)[0] for seed in range(200)]
    counts = Counter(sum(each.category == 0 for each in planned) for planned in plans)
    assert set(counts) == set(range(1, 7))
    assert counts[1] > counts[3] > 0


def test_no_object_is_enlarged_beyond_its_pixels_or_larger_than_the_largest_size():
    plans = [_plan(seed, size=(0.3, 0.45), max_enlarged=1.5)[0] for seed in range(20)]
    assert max(each.size for planned in plans for each in planned) == pytest.approx(150)
    plans = [_plan(seed, size=(0.1, 0.2))[0] for seed in range(20)]
    assert max(each.size for planned in plans for each in planned) == pytest.approx(0.2 * 384)
