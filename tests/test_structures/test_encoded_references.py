"""EncodedReferences: tensors of one row an episode, under names."""

import pytest
import torch

from mmosis.structures import EncodedReferences

FIELDS = dict(vectors=2, region=None)


@pytest.fixture
def three() -> EncodedReferences:
    vectors = [torch.arange(6.0).view(3, 2), 10 + torch.arange(12.0).view(3, 4)]
    return EncodedReferences(vectors=vectors, region=20 + torch.arange(3.0).view(3, 1))


def _first_column(references: EncodedReferences) -> list[list[float]]:
    return [tensor[:, 0].tolist() for tensor in references.tensors]


def test_fields_are_read_by_name(three):
    assert isinstance(three['vectors'], tuple)
    assert [vector.shape for vector in three['vectors']] == [(3, 2), (3, 4)]
    assert three['region'].shape == (3, 1)
    assert three.fields == FIELDS
    with pytest.raises(ValueError, match="have no field 'grids', only vectors, region: another match neck"):
        three['grids']


def test_tensors_come_field_by_field_and_go_back_under_their_names(three):
    assert [tensor.shape for tensor in three.tensors] == [(3, 2), (3, 4), (3, 1)]
    again = EncodedReferences.unflatten(three.tensors, three.fields)
    assert again.fields == FIELDS
    assert all(a is b for a, b in zip(again.tensors, three.tensors, strict=True))
    with pytest.raises(ValueError, match=r"{'vectors': 2, 'region': None} are 3 tensors, got 2"):
        EncodedReferences.unflatten(three.tensors[:2], FIELDS)


def test_a_function_is_applied_to_every_tensor(three):
    meant = three.map(lambda tensor: tensor.mean(dim=0, keepdim=True))
    assert (len(meant), meant.fields) == (1, FIELDS)
    assert _first_column(meant) == [[2.0], [14.0], [21.0]]


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
    assert (len(selected), selected.fields) == (len(rows), FIELDS)
    columns = [[2.0 * row for row in rows], [10.0 + 4 * row for row in rows], [20.0 + row for row in rows]]
    assert _first_column(selected) == columns


def test_slices_join_to_the_whole(three):
    joined = EncodedReferences.cat([three[:1], three[1:]])
    assert joined.fields == FIELDS
    assert all(torch.equal(a, b) for a, b in zip(joined.tensors, three.tensors, strict=True))


def test_cat_keeps_the_order_of_its_parts(three):
    assert _first_column(EncodedReferences.cat([three[2:], three[:1]])) == [[4.0, 0.0], [18.0, 10.0], [22.0, 20.0]]


def test_to_moves_all_tensors(three):
    moved = three.to('meta')
    assert [tensor.device.type for tensor in moved.tensors] == ['meta'] * 3
    assert [tensor.device.type for tensor in three.tensors] == ['cpu'] * 3


def test_they_cannot_be_changed(three):
    with pytest.raises(AttributeError, match='setter'):
        three.tensors = ()


@pytest.mark.parametrize(
    ('fields', 'sizes'),
    [({}, r'\[\]'), (dict(vectors=[torch.zeros(2, 3)], region=torch.zeros(3, 3)), r'\[2, 3\]')],
)
def test_no_tensors_or_different_lengths_are_refused(fields, sizes):
    with pytest.raises(ValueError, match=rf'tensors of one length E, one row an episode, got sizes {sizes}'):
        EncodedReferences(**fields)


def test_parts_with_other_fields_do_not_join(three):
    for other in (dict(vectors=three['vectors']), dict(vectors=three['vectors'][:1], region=three['region'])):
        with pytest.raises(ValueError, match='of one match neck can be joined, got fields'):
            EncodedReferences.cat([three, EncodedReferences(**other)])
