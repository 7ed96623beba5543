import pytest
import torch

from mmosis.structures import EncodedReferences


@pytest.fixture
def three() -> EncodedReferences:
    return EncodedReferences((torch.arange(6.0).view(3, 2), 10 + torch.arange(12.0).view(3, 4)))


def _first_column(references: EncodedReferences) -> list[list[float]]:
    return [tensor[:, 0].tolist() for tensor in references.tensors]


@pytest.mark.parametrize(
    ('index', 'rows'),
    [
        (slice(1, None), [1, 2]),
        (slice(0, 0), []),
        (torch.tensor([2, 0]), [2, 0]),
        (torch.tensor([True, False, True]), [0, 2]),
    ],
)
def test_rows_are_selected_in_all_tensors(three, index, rows):
    selected = three[index]
    assert len(selected) == len(rows)
    assert _first_column(selected) == [[2.0 * row for row in rows], [10.0 + 4 * row for row in rows]]


def test_slices_join_to_the_whole(three):
    joined = EncodedReferences.cat([three[:1], three[1:]])
    assert all(torch.equal(a, b) for a, b in zip(joined.tensors, three.tensors, strict=True))


def test_cat_keeps_the_order_of_its_parts(three):
    assert _first_column(EncodedReferences.cat([three[2:], three[:1]])) == [[4.0, 0.0], [18.0, 10.0]]


def test_to_moves_all_tensors(three):
    moved = three.to('meta')
    assert [tensor.device.type for tensor in moved.tensors] == ['meta', 'meta']
    assert [tensor.device.type for tensor in three.tensors] == ['cpu', 'cpu']


def test_they_cannot_be_changed(three):
    with pytest.raises(AttributeError, match='cannot assign'):
        three.tensors = ()


@pytest.mark.parametrize(('tensors', 'sizes'), [((), r'\[\]'), ((torch.zeros(2, 3), torch.zeros(3, 3)), r'\[2, 3\]')])
def test_no_tensors_or_different_lengths_are_refused(tensors, sizes):
    with pytest.raises(ValueError, match=rf'tensors of one length E, one row an episode, got sizes {sizes}'):
        EncodedReferences(tensors)


def test_parts_with_other_numbers_of_tensors_do_not_join(three):
    with pytest.raises(ValueError, match='shorter'):
        EncodedReferences.cat([three, EncodedReferences(three.tensors[:1])])
