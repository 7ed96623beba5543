import cv2
import numpy as np
import pytest

from projects.scenes.omniglot.planning import Planned
from projects.scenes.omniglot.strokes import cut_piece, draw_strokes


def _png(ink):
    return cv2.imencode('.png', np.where(ink, np.uint8(0), np.uint8(255)))[1].tobytes()


def _plan(ink, **changes):
    settings = dict(
        category=0,
        crowd=False,
        places=np.zeros((1, 2)),
        may_occlude=True,
        drawing=_png(ink),
        fraction=1.0,
        centre=0.5,
        size=40.0,
        pose=np.eye(2),
        stroke=1.0,
        colour=np.zeros(3),
    )
    return Planned(**{**settings, **changes})


@pytest.fixture
def bar():
    """A horizontal stroke, 80 long and 8 wide."""
    ink = np.zeros((105, 105), bool)
    ink[50:58, 10:90] = True
    return ink


def test_a_stroke_gets_its_size_and_keeps_its_proportions(bar):
    alpha = draw_strokes(_plan(bar), 1.0)
    assert (alpha.dtype, alpha.min(), alpha.max()) == (np.float32, 0, 1)
    assert alpha.sum() == pytest.approx(40 * 4, rel=0.05)
    assert (alpha >= 0.5).any(0).sum() == pytest.approx(40, abs=1)
    assert not alpha[[0, -1]].any()
    assert not alpha[:, [0, -1]].any()


def test_half_covered_pixels_are_half_covered(bar):
    edges = draw_strokes(_plan(bar, size=50.0), 1.0)[:, 25]
    assert edges.sum() == pytest.approx(5, abs=0.3)
    assert ((edges > 0.1) & (edges < 0.9)).any()


@pytest.mark.parametrize('factor', [0.5, 1.5, 2.0])
def test_the_pen_changes_the_width_by_its_factor(bar, factor):
    width = draw_strokes(_plan(bar, stroke=factor), 1.0)[:, 20].sum()
    assert width == pytest.approx(4 * factor, abs=0.35)


def test_no_stroke_is_thinner_than_the_least(bar):
    assert draw_strokes(_plan(bar, stroke=0.1, size=20.0), 1.5)[:, 10].sum() == pytest.approx(1.5, abs=0.3)


def test_a_stroke_at_the_border_of_the_drawing_grows_over_it():
    ink = np.zeros((105, 105), bool)
    ink[:8] = True
    assert draw_strokes(_plan(ink, stroke=2.0, size=105.0), 1.0)[:, 50].sum() == pytest.approx(16, abs=1)


def test_the_pose_turns_the_strokes(bar):
    alpha = draw_strokes(_plan(bar, pose=np.array([[0.0, -3.0], [3.0, 0.0]])), 1.0)
    assert (alpha >= 0.5).any(1).sum() == pytest.approx(40, abs=1)
    assert (alpha >= 0.5).any(0).sum() == pytest.approx(4, abs=1)


def test_nothing_is_mirrored_or_shifted():
    ink = np.zeros((105, 105), bool)
    ink[20:80, 30:38] = ink[72:80, 30:70] = True  # an L
    mask = draw_strokes(_plan(ink, size=30.0), 1.0) >= 0.5
    rows, columns = np.nonzero(mask)
    low, high = (rows.min(), columns.min()), (rows.max(), columns.max())
    assert mask[low]
    assert mask[high]
    assert mask[high[0], low[1]]
    assert not mask[low[0], high[1]]


@pytest.mark.parametrize('fraction', [0.2, 0.5])
def test_a_piece_has_its_fraction_of_the_ink_around_its_centre(bar, fraction):
    piece = cut_piece(bar, fraction, 0.0)
    assert piece.sum() == np.ceil(fraction * bar.sum())
    assert not (piece & ~bar).any()
    assert piece[50, 10]
    assert not piece[57, 89]
    complete, part = (draw_strokes(_plan(bar, fraction=s, centre=0.0), 1.0) for s in (1.0, fraction))
    assert part.sum() == pytest.approx(fraction * complete.sum(), rel=0.1), 'in the size of the complete drawing'
