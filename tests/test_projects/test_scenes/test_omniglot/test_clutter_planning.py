import numpy as np
import pytest

from mmosis.utils.rng import generator
from projects.scenes.omniglot import ClutterConfig
from projects.scenes.omniglot.planning import plan_scene

DRAWINGS = {index: [f'{index} {drawer}'.encode() for drawer in range(5)] for index in range(0, 40, 2)}
CONFIG = ClutterConfig()


def _plans(config=CONFIG, num=60):
    return [plan_scene(generator(0, index), DRAWINGS, config) for index in range(num)]


def _category(planned):
    return int(planned.drawing.split()[0])


def test_numbers_of_categories_instances_and_clutter_span_their_ranges():
    categories, instances, clutter = set(), set(), set()
    for _, plan in _plans(num=150):
        shown = [planned.category for planned in plan if planned.category is not None]
        categories.add(len(set(shown)))
        instances |= {shown.count(category) for category in shown}
        clutter.add(len(plan) - len(shown))
    assert categories == set(range(3, 7))
    assert instances == {1, 2, 3}
    assert clutter == set(range(2, 9))


def test_a_character_is_complete_and_of_its_category_and_clutter_is_a_piece_of_another():
    for _, plan in _plans():
        shown = {planned.category for planned in plan} - {None}
        assert shown <= set(DRAWINGS)
        for planned in plan:
            if planned.category is None:
                assert CONFIG.clutter_share[0] <= planned.fraction <= CONFIG.clutter_share[1] < 1
                assert _category(planned) not in shown
            else:
                assert planned.fraction == 1
                assert _category(planned) == planned.category


def test_every_drawer_draws():
    drawers = {planned.drawing.split()[1] for _, plan in _plans() for planned in plan}
    assert drawers == {b'0', b'1', b'2', b'3', b'4'}


def test_sizes_span_the_range_and_characters_stand_inside():
    planned = [planned for _, plan in _plans() for planned in plan]
    sizes = np.array([p.size for p in planned])
    assert 24 <= sizes.min() < 26
    assert 60 < sizes.max() <= 64
    assert np.median(sizes) == pytest.approx(np.sqrt(24 * 64), rel=0.05), 'uniform logarithm'
    for p in planned:
        assert (p.places >= p.size / 2).all()
        assert (p.places <= 160 - p.size / 2).all()


@pytest.mark.parametrize(('colours', 'several'), [('random', True), ('one', False)])
def test_colours_differ_enough_from_the_background(colours, several):
    for background, plan in _plans(ClutterConfig(colours=colours, contrast=0.35)):
        found = np.array([planned.colour for planned in plan])
        luminance = (found - background) @ [0.299, 0.587, 0.114]
        assert np.abs(luminance).min() >= 0.35 * 255
        assert (len(np.unique(found, axis=0)) > 1) == several


def test_poses_neither_mirror_nor_change_the_area():
    for _, plan in _plans(num=20):
        np.testing.assert_allclose([np.linalg.det(planned.pose) for planned in plan], 1)
    (_, plan), *_ = _plans(ClutterConfig(rotation=0, aspect=1, shear=0), 1)
    np.testing.assert_allclose([planned.pose for planned in plan], np.broadcast_to(np.eye(2), (len(plan), 2, 2)))
