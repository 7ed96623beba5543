"""The fixed test set, 300 scenes of seed 1: neither its contents nor its difficulty may change.

A failure here means that figures measured before can no longer be compared with figures measured after.
"""

import hashlib

import numpy as np
import pytest

from mmosis.synthetic import CATEGORIES, SceneConfig, make_scene
from mmosis.synthetic.planning import plan_scene
from mmosis.utils.rng import generator

SEED, NUM_SCENES = 1, 300


def _digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def test_difficulty_is_the_one_agreed():
    assert _digest(SceneConfig()) == 'CONFIG'


def test_categories_are_the_ones_agreed():
    assert _digest([look.name for look in CATEGORIES]) == 'NAMES'


def test_plans_are_the_ones_agreed():
    """All that is drawn before rendering: no pixels, so it does not hang on the version of OpenCV."""
    plans = [plan_scene(generator(SEED, 'scene', index), SceneConfig()) for index in range(NUM_SCENES)]
    told = [
        (planned.look.name, planned.category, planned.crowd, round(float(planned.size), 1), bool(planned.may_occlude))
        for plan in plans
        for planned in plan
    ]
    assert _digest(told) == 'PLANS'


# Scene: (category, box as xywh, mean colour of the visible mask as RGB) of each annotation.
RENDERED = {
    TABLE
}


@pytest.mark.parametrize('index', RENDERED)
def test_rendered_scenes_are_the_ones_agreed(index):
    """Within what versions of NumPy and OpenCV may differ in: two pixels, four grey levels."""
    scene = make_scene(SEED, index, SceneConfig())
    assert [i.category for i in scene.instances] == [category for category, _, _ in RENDERED[index]]
    for instance, (_, box, colour) in zip(scene.instances, RENDERED[index], strict=True):
        np.testing.assert_allclose(_box(instance.mask), box, atol=2)
        np.testing.assert_allclose(scene.image[instance.mask].mean(0), colour, atol=4)


def _box(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1
