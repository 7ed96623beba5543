"""Means of reference features where masks say, on numbers that one can work out."""

import torch

from mmosis.models.necks.masked_mean import mask_coverage, masked_mean, mean_vectors

# One map of 2x2 positions, and a mask of 4x4 pixels that covers all of one position, one by a quarter, and no other.
FEATS = torch.tensor([[1.0, 3.0], [5.0, 7.0]])[None, None, None]
MASKS = torch.zeros(1, 1, 1, 4, 4)
MASKS[..., :2, :2] = 1
MASKS[..., 0, 2] = 1


def test_coverage_of_the_cells_that_a_mask_covers() -> None:
    assert mask_coverage(FEATS, MASKS)[0, 0, 0].tolist() == [[1.0, 0.25], [0.0, 0.0]]
    assert mask_coverage(FEATS.expand(2, 3, 4, 2, 2), None).shape == (2, 3, 1, 2, 2)
    assert mask_coverage(FEATS, None).eq(1).all()


def test_a_position_counts_by_its_coverage() -> None:
    coverage = torch.tensor([[1.0, 0.25], [0.0, 0.0]])[None, None, None]
    torch.testing.assert_close(masked_mean(FEATS, coverage), torch.tensor([[[(1 + 0.25 * 3) / 1.25]]]))


def test_vectors_are_means_over_area_and_references() -> None:
    feats = torch.cat([FEATS, FEATS + 10], dim=1)
    masks = torch.cat([MASKS, torch.ones(1, 1, 1, 4, 4)], dim=1)
    assert [vector.tolist() for vector in mean_vectors([feats, 2 * feats], None)] == [[[9.0]], [[18.0]]]
    torch.testing.assert_close(mean_vectors([feats], masks)[0], torch.tensor([[(1.75 / 1.25 + 14) / 2]]))
