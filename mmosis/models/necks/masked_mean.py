"""Means of reference features where masks say."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def mask_shares(feats: Tensor, masks: Tensor | None) -> Tensor:
    """Tell by what share masks (E, K, 1, h, w) cover each cell of features (E, K, C, h_l, w_l).

    Returns:
        Tensor: (E, K, 1, h_l, w_l), 0 to 1; all 1 without masks.
    """
    if masks is None:
        return torch.ones_like(feats[:, :, :1])
    shares = F.adaptive_avg_pool2d(masks.flatten(0, 1), feats.shape[-2:])
    # Not unflatten, after which an export no longer knows the rank.
    return shares.reshape(*masks.shape[:2], 1, *feats.shape[-2:])


def masked_mean(feats: Tensor, shares: Tensor) -> Tensor:
    """Average features (E, K, C, h, w) over their area, each counted by its share (E, K, 1, h, w): (E, K, C)."""
    return (feats * shares).sum(dim=(3, 4)) / shares.sum(dim=(3, 4))


def mean_vectors(ref_feats: Sequence[Tensor], masks: Tensor | None) -> tuple[Tensor, ...]:
    """Average each map (E, K, C_l, h_l, w_l) over its area where masks (E, K, 1, h, w) say, and over the K: (E, C_l).

    Without masks the mean over the area includes a reference's zero padding to a square, as in the paper.
    """
    if masks is None:
        return tuple(feats.mean(dim=(1, 3, 4)) for feats in ref_feats)
    return tuple(masked_mean(feats, mask_shares(feats, masks)).mean(dim=1) for feats in ref_feats)
