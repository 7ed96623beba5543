"""MatchedFeatures: to the host a tuple, to our heads more."""

import torch

from mmosis.structures import EncodedReferences, MatchedFeatures

ROIS = torch.tensor([[0.0, 1, 2, 3, 4], [1, 5, 6, 7, 8], [1, 1, 1, 2, 2]])


def make(images: int) -> MatchedFeatures:
    references = EncodedReferences((torch.zeros(2, 5), torch.zeros(2, 5, 7, 7)))
    return MatchedFeatures([torch.zeros(2, 4, 3, 3)], [torch.zeros(images, 5, 3, 3)], references)


def test_it_is_the_tuple_of_its_levels():
    feats = make(images=2)
    assert isinstance(feats, tuple)
    assert [tuple(level.shape) for level in feats] == [(2, 4, 3, 3)]
    assert tuple(feats.image_feats[0].shape) == (2, 5, 3, 3)
    assert [tuple(tensor.shape) for tensor in feats.references.tensors] == [(2, 5), (2, 5, 7, 7)]


def test_episodes_with_an_image_each_keep_their_number():
    assert make(images=2).rois_in_images(ROIS).tolist() == ROIS.tolist()


def test_episodes_of_one_image_all_search_that():
    rois = make(images=1).rois_in_images(ROIS)
    assert rois[:, 0].tolist() == [0, 0, 0]
    assert rois[:, 1:].tolist() == ROIS[:, 1:].tolist()
