"""The fixed test set, 300 scenes of seed 1: neither its contents nor its difficulty may change.

A failure here means that figures measured before can no longer be compared with figures measured after.
"""

import hashlib

import numpy as np
import pytest

from mmosis.utils.rng import generator
from projects.scenes.synthetic import CATEGORIES, SceneConfig, make_scene
from projects.scenes.synthetic.planning import plan_scene

SEED, NUM_SCENES = 1, 300


def _digest(value):
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def test_difficulty_is_the_one_agreed():
    assert _digest(SceneConfig()) == '70a443182e978cf1'


def test_categories_are_the_ones_agreed():
    assert _digest([appearance.name for appearance in CATEGORIES]) == '2e8992a24184e5d5'


def test_plans_are_the_ones_agreed():
    """All that is drawn before rendering: no pixels, so it does not hang on the version of OpenCV."""
    plans = [plan_scene(generator(SEED, 'scene', index), SceneConfig()) for index in range(NUM_SCENES)]
    described = [
        (
            planned.appearance.name,
            planned.category,
            planned.crowd,
            round(float(planned.size), 1),
            bool(planned.may_occlude),
        )
        for plan in plans
        for planned in plan
    ]
    assert _digest(described) == '49b06e21c74988cc'


# Scene: (category, box as xywh, mean colour of the visible mask as RGB) of each annotation.
RENDERED = {
    0: (
        (18, (48, 127, 66, 65), (99, 102, 106)),
        (30, (145, 135, 34, 27), (102, 80, 85)),
        (33, (109, 37, 10, 13), (103, 88, 87)),
    ),
    100: (
        (37, (64, 109, 36, 31), (135, 162, 179)),
        (22, (142, 79, 31, 25), (121, 155, 173)),
        (37, (59, 90, 31, 26), (112, 141, 171)),
    ),
    200: (
        (37, (40, 62, 30, 33), (117, 122, 156)),
        (37, (32, 152, 29, 32), (114, 116, 148)),
        (53, (128, 109, 23, 67), (75, 59, 42)),
        (53, (21, 125, 18, 29), (89, 79, 43)),
        (60, (75, 129, 21, 34), (92, 96, 142)),
        (60, (159, 60, 18, 46), (69, 74, 132)),
        (60, (67, 14, 17, 39), (84, 114, 141)),
    ),
    299: (
        (70, (65, 7, 57, 48), (115, 126, 121)),
        (11, (12, 110, 34, 32), (103, 93, 49)),
        (8, (39, 65, 58, 74), (77, 86, 123)),
        (66, (10, 17, 50, 55), (95, 98, 103)),
    ),
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
