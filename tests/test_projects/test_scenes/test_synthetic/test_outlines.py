import cv2
import numpy as np
import pytest

from projects.scenes.synthetic.outlines import OUTLINES, draw_outline
from projects.scenes.synthetic.superformulas import SUPERFORMULAS

WITH_HOLE = {'gear', 'mug', 'ring'}


@pytest.mark.parametrize('outline', OUTLINES)
def test_outline_fills_its_unit_box(outline):
    border = draw_outline(outline, np.random.default_rng(0))[0]
    low, high = border.min(0), border.max(0)
    np.testing.assert_allclose(low + high, 0, atol=1e-9)
    assert np.isclose((high - low).max(), 2)


@pytest.mark.parametrize('outline', OUTLINES)
def test_proportions_vary(outline):
    if outline == 'heart':
        drawn = [np.ptp(draw_outline(outline, np.random.default_rng(seed))[0], axis=0) for seed in range(3)]
    else:
        drawn = [np.concatenate(draw_outline(outline, np.random.default_rng(seed))).std() for seed in range(3)]
    assert not np.allclose(drawn[0], drawn[1]) or not np.allclose(drawn[0], drawn[2])


@pytest.mark.parametrize('outline', OUTLINES)
def test_holes_lie_inside(outline):
    border, *holes = draw_outline(outline, np.random.default_rng(1))
    assert bool(holes) == (outline in WITH_HOLE) or outline in SUPERFORMULAS
    for hole in holes:
        inside = [cv2.pointPolygonTest(border.astype(np.float32), tuple(map(float, p)), False) for p in hole]
        assert min(inside) > 0


def test_a_form_varies_but_forms_differ_more():
    """Distance between outlines as the mean over points, which lie at the same angles; the smallest between forms."""
    rngs = [np.random.default_rng(seed) for seed in range(4)]
    drawn = np.array([[draw_outline(name, rng)[0] for rng in rngs] for name in SUPERFORMULAS])
    means = drawn.mean(1)
    within = np.linalg.norm(drawn - means[:, None], axis=-1).mean()
    apart = np.linalg.norm(means[:, None] - means[None], axis=-1).mean(-1)
    assert 0.01 < within < np.median(apart) / 3
    assert any(len(draw_outline(name, rngs[0])) == 2 for name in SUPERFORMULAS), 'some have a hole'
