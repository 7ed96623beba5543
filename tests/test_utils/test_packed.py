import pickle

import numpy as np
import pytest

from mmosis.utils.packed import IdIndex, PackedList, id_array

VALUES = [(7, 'a.jpg', (10, 20)), None, [[1.5, 2.0]], dict(size=[1, 2], counts='abc')]


def test_values_come_out_as_they_went_in() -> None:
    packed = PackedList(iter(VALUES))
    assert list(packed) == VALUES
    assert len(packed) == 4
    assert list(pickle.loads(pickle.dumps(packed))) == VALUES
    assert packed[2] is not packed[2]
    assert list(PackedList([])) == []


def test_nothing_but_arrays_is_held() -> None:
    assert {type(held) for held in vars(PackedList(VALUES)).values()} == {np.ndarray}
    assert {type(held) for held in vars(IdIndex([3, 1])).values()} == {np.ndarray}


@pytest.mark.parametrize('index', [-1, 4])
def test_what_is_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match=f'an index must be in 0 to 3, got {index}'):
        PackedList(VALUES)[index]


@pytest.mark.parametrize('ids', [[7, 3, 2**40, 5], ['b', 'a', '10', '9'], [2**70, -3, 2**63, -(2**70)], []])
def test_ids_are_found_where_they_are(ids: list) -> None:
    index = IdIndex(ids)
    assert [index.find(each) for each in ids] == list(range(len(ids)))
    assert [index.find(each) for each in (4, 8, 2**41, -1, 'aa', '', 'z', '7')] == [-1] * 8


@pytest.mark.parametrize(
    ('ids', 'code'), [([3, -(2**63)], 'i'), (['b', '1'], 'U'), ([2**63, 1], 'O'), ([-1, 2**64], 'O'), ([], 'i')]
)
def test_ids_in_an_array_are_those_that_were_given(ids: list, code: str) -> None:
    array = id_array(ids)
    assert array.dtype.kind == code
    assert array.tolist() == ids
    assert [type(each) for each in array.tolist()] == [type(each) for each in ids]


def test_ids_of_two_types_are_refused() -> None:
    with pytest.raises(ValueError, match='the ids of a file must be all numbers or all words, got both'):
        IdIndex([1, 'a'])
