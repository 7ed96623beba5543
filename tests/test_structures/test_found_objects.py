"""A table of what was found: it selects, joins and refuses."""

import numpy as np
import pytest

from mmosis.structures import FoundObjects, RLEMasks


def make(scores: list[float], start: int = 0) -> FoundObjects:
    """Objects whose mask is the pixel of their number."""
    masks = np.zeros((len(scores), 1, 9), bool)
    masks[np.arange(len(scores)), 0, start + np.arange(len(scores))] = True
    return FoundObjects(scores=np.array(scores), masks=RLEMasks.encode(masks))


def pixels(found: FoundObjects) -> list[int]:
    return found.masks.numpy()[:, 0].argmax(1).tolist()


@pytest.mark.parametrize(
    ('index', 'left'),
    [(slice(1, None), [1, 2]), (np.array([2, 0]), [2, 0]), (np.array([True, False, True]), [0, 2]), (slice(0), [])],
)
def test_columns_are_selected_together(index: object, left: list[int]) -> None:
    found = make([0.0, 0.1, 0.2])[index]
    assert found.scores.tolist() == [i / 10 for i in left]
    assert pixels(found) == left
    assert found.masks.img_shape == (1, 9)


def test_parts_are_joined() -> None:
    joined = FoundObjects.cat([make([0.5]), make([], 3), make([0.7, 0.8], 4)])
    assert joined.scores.tolist() == [0.5, 0.7, 0.8]
    assert pixels(joined) == [0, 4, 5]
    assert len(joined) == 3


def test_columns_come_and_go_and_the_first_stays() -> None:
    found = make([0.5])
    more = found.with_columns(labels=np.array([3]))
    assert set(more) == {'scores', 'masks', 'labels'}
    assert set(more.without_columns('masks', 'scores')) == {'labels'}
    assert 'labels' not in found
    assert more['labels'].tolist() == [3]


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match='these objects have no labels'):
        _ = make([0.5]).labels


@pytest.mark.parametrize('columns', [{}, dict(a=np.zeros(2), b=np.zeros(3))])
def test_columns_are_of_one_length(columns: dict) -> None:
    with pytest.raises(ValueError, match='columns of one length, got'):
        FoundObjects(**columns)
