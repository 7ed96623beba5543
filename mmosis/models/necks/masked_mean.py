"""Means of reference features over masks."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def mask_coverage(feats: Tensor, masks: Tensor | None) -> Tensor:
    """Compute the fraction of each cell of features (E, K, C, h_l, w_l) that masks (E, K, 1, h, w) cover.

    Returns:
        Tensor: (E, K, 1, h_l, w_l), 0 to 1; all 1 without masks.
    """
    if masks is None:
        return torch.ones_like(feats[:, :, :1])
    coverage = F.adaptive_avg_pool2d(masks.flatten(0, 1), feats.shape[-2:])
    # Not unflatten, after which an export no longer knows the rank.
    return coverage.reshape(*masks.shape[:2], 1, *feats.shape[-2:])


def masked_mean(feats: Tensor, coverage: Tensor) -> Tensor:
    """Average features (E, K, C, h, w) over their area, weighted by coverage (E, K, 1, h, w): (E, K, C)."""
    return (feats * coverage).sum(dim=(3, 4)) / coverage.sum(dim=(3, 4))


def mean_vectors(ref_feats: Sequence[Tensor], masks: Tensor | None) -> tuple[Tensor, ...]:
    """Average each map (E, K, C_l, h_l, w_l) over masks (E, K, 1, h, w), and over the K: (E, C_l).

    Without masks the mean over the area includes a reference's zero padding to a square, as in the paper.
    """
    if masks is None:
        return tuple(feats.mean(dim=(1, 3, 4)) for feats in ref_feats)
    return tuple(masked_mean(feats, mask_coverage(feats, masks)).mean(dim=1) for feats in ref_feats)
