import dataclasses

import pytest

from mmosis.structures import Episode, Reference

REFERENCE = Reference(ann_id=5, img_id=7, img_path='a.jpg', bbox=(1.0, 2.0, 3.0, 4.0))


def test_equal_content_is_equal_and_can_be_a_key():
    episode = Episode(0, 10, (REFERENCE,))
    assert episode == Episode(0, 10, (dataclasses.replace(REFERENCE),), run=0)
    assert episode != Episode(0, 10, (REFERENCE,), run=1)
    assert len({episode, Episode(0, 10, (REFERENCE,))}) == 1


def test_they_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REFERENCE.ann_id = 6
    with pytest.raises(dataclasses.FrozenInstanceError):
        Episode(0, 10, (REFERENCE,)).label = 1


def test_a_mask_counts_in_comparison_and_not_in_the_key():
    masked = dataclasses.replace(REFERENCE, segmentation=[[1, 2, 3, 2, 3, 4]])
    assert masked == dataclasses.replace(REFERENCE, segmentation=[[1, 2, 3, 2, 3, 4]])
    assert masked != REFERENCE
    assert len({Episode(0, 10, (masked,)), Episode(0, 10, (masked,)), Episode(0, 10, (REFERENCE,))}) == 2
