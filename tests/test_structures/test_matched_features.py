"""MatchedFeatures: to MMDetection its levels, to our heads more."""

from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from mmosis.structures import EncodedReferences, MatchedFeatures

ROIS = torch.tensor([[0.0, 1, 2, 3, 4], [1, 5, 6, 7, 8], [1, 1, 1, 2, 2]])


def make(images: int) -> MatchedFeatures:
    references = EncodedReferences(vectors=[torch.zeros(2, 5)], region=torch.zeros(2, 5, 7, 7))
    levels = (torch.zeros(2, 4, 3, 3), torch.zeros(2, 4, 2, 2))
    return MatchedFeatures(levels, (torch.zeros(images, 5, 3, 3),), references)


def test_it_is_read_as_the_tuple_of_its_levels():
    feats = make(images=2)
    assert [level.shape for level in feats] == [(2, 4, 3, 3), (2, 4, 2, 2)]
    assert len(feats) == 2
    assert feats[1].shape == (2, 4, 2, 2)
    assert isinstance(feats[:1], tuple)
    assert [level.shape for level in feats[:1]] == [(2, 4, 3, 3)]


def test_both_sides_are_beside_them_and_nothing_can_be_added():
    feats = make(images=2)
    assert feats.image_feats[0].shape == (2, 5, 3, 3)
    assert feats.references['region'].shape == (2, 5, 7, 7)
    with pytest.raises(FrozenInstanceError, match='cannot assign'):
        feats.extra = torch.zeros(2)
    assert replace(feats, cat_ids=torch.tensor([4, 5])).cat_ids.tolist() == [4, 5]


def test_episodes_with_an_image_each_keep_their_number():
    assert make(images=2).rois_in_images(ROIS).tolist() == ROIS.tolist()


def test_episodes_of_one_image_all_search_that():
    rois = make(images=1).rois_in_images(ROIS)
    assert rois[:, 0].tolist() == [0, 0, 0]
    assert rois[:, 1:].tolist() == ROIS[:, 1:].tolist()
