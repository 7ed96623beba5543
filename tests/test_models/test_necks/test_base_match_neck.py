"""BaseMatchNeck: what a subclass has to say, and what it gets."""

import pytest
import torch

from mmosis.models import BaseMatchNeck
from mmosis.structures import EncodedReferences


class HighestMatchNeck(BaseMatchNeck):
    """The least that a match neck is: it adds each channel's highest value in the reference."""

    @property
    def fields(self) -> dict[str, int | None]:
        return dict(highest=self.num_levels)

    def encode_references(self, ref_feats: list, masks: None = None) -> EncodedReferences:
        return EncodedReferences(highest=[feat.amax(dim=(1, 3, 4)) for feat in ref_feats])

    def forward(self, feats: list, references: EncodedReferences) -> tuple:
        self.check_levels(feats, references['highest'])
        levels = zip(feats, references['highest'], strict=True)
        return tuple(feat + highest[..., None, None] for feat, highest in levels)


@pytest.fixture
def neck() -> HighestMatchNeck:
    return HighestMatchNeck(in_channels=3, out_channels=4, num_levels=2)


@pytest.mark.parametrize('missing', ['fields', 'encode_references', 'forward'])
def test_a_subclass_must_have_all_three(missing: str) -> None:
    methods = {name: HighestMatchNeck.__dict__[name] for name in ('fields', 'encode_references', 'forward')}
    del methods[missing]
    with pytest.raises(TypeError, match=rf"abstract.*'?{missing}"):
        type('Unfinished', (BaseMatchNeck,), methods)()


def test_kept_fields_are_those_that_it_names(neck: HighestMatchNeck) -> None:
    references = neck.encode_references([torch.rand(2, 1, 3, 4, 4)] * 2)
    assert references.fields == neck.fields
    assert [level.shape for level in neck([torch.rand(1, 3, 8, 8)] * 2, references)] == [(2, 3, 8, 8)] * 2


def test_by_default_rows_are_merged_to_their_mean_and_no_map_is_indexed(neck: HighestMatchNeck) -> None:
    references = EncodedReferences(highest=[torch.tensor([[1.0, 2.0], [3.0, 6.0]])] * 2)
    merged = neck.merge_references(references)
    assert [tensor.tolist() for tensor in merged['highest']] == [[[2.0, 4.0]]] * 2
    assert neck.region_layers() == {}


def test_a_convolution_a_level(neck: HighestMatchNeck) -> None:
    convs = neck.make_convs(6)
    assert [(conv.in_channels, conv.out_channels, conv.kernel_size) for conv in convs] == [(6, 4, (1, 1))] * 2


def test_references_of_another_neck_are_refused(neck: HighestMatchNeck) -> None:
    feats, vectors = [torch.rand(1, 3, 4, 4)] * 2, [torch.rand(1, 3)] * 2
    with pytest.raises(ValueError, match="have no field 'highest', only vectors: another match neck"):
        neck(feats, EncodedReferences(vectors=vectors))
    message = r'HighestMatchNeck has 2 levels of 3 channels, got features of \[3\] and references of \[3, 3\]'
    with pytest.raises(ValueError, match=message):
        neck(feats[:1], EncodedReferences(highest=vectors))
