import numpy as np

from projects.scenes.cutouts.appearance import describe, read_appearance


def _disc(colour, width=40, height=40):
    rows, columns = np.mgrid[-1 : 1 : 1j * height, -1 : 1 : 1j * width]
    alpha = 255 * (rows**2 + columns**2 <= 1)
    return np.dstack([np.broadcast_to(colour, (height, width, 3)), alpha]).astype(np.uint8)


def _distance(first, second):
    return np.linalg.norm(read_appearance(describe(first)) - read_appearance(describe(second)))


def test_equal_ones_have_no_distance_whatever_their_size():
    assert _distance(_disc((10, 200, 30)), _disc((10, 200, 30))) == 0
    assert _distance(_disc((10, 200, 30)), _disc((10, 200, 30), 80, 80)) < 0.05


def test_nearer_colours_and_shapes_have_nearer_vectors():
    red, other_red, blue = _disc((20, 20, 220)), _disc((30, 30, 240)), _disc((220, 20, 20))
    assert 0 < _distance(red, other_red) < 0.3
    assert _distance(red, blue) > 1
    assert _distance(red, _disc((20, 20, 220), 40, 20)) > _distance(red, _disc((20, 20, 220), 40, 36))
