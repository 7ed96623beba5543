"""RatioPreservingLoss: cross-entropy whose weight of easy regions does not grow with their number."""

import torch
import torch.nn.functional as F
from mmdet.models.losses.utils import weight_reduce_loss
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class RatioPreservingLoss(nn.Module):
    """Cross-entropy whose weights keep the ratio of hard to easy regions in a batch (BHRL: Yang et al., "Balanced and
    Hierarchical Relation Learning for One-shot Object Detection", CVPR 2022).

    Matches, and non-matches that are taken for matches, are hard; all other non-matches are easy. Of N regions, H hard
    and N - H easy, a hard one weighs alpha N / H and an easy one (1 - alpha) N / (N - H). So, averaged over N, the loss
    is alpha times the mean over the hard ones plus 1 - alpha times the mean over the easy ones. Where one of
    the two is empty, its mean is omitted, and the other keeps its factor. Weights take no gradient.

    It follows ``mmdet/models/losses/rp_loss.py`` of hero-y/BHRL at 9ad7438, but for two cases. A non-match whose two
    scores are equal weighs 1 there; here it is easy. Regions with weight 0 are counted there; here they are not.

    It is a ``loss_cls`` of mmdet's box heads with one class: activation and accuracy are those of a softmax.

    Args:
        alpha: Total weight of the hard regions, 0 to 1.
        use_sigmoid: For mmdet's heads, which ask; must be False.
        reduction: 'mean', 'sum' or 'none'.
        loss_weight: Weight of the loss.

    Raises:
        ValueError: If ``alpha`` is out of its range or a sigmoid is wanted.
    """

    def __init__(
        self, alpha: float = 0.25, use_sigmoid: bool = False, reduction: str = 'mean', loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        if not 0 <= alpha <= 1:
            raise ValueError(f'alpha is the total weight of the hard regions, 0 to 1, got {alpha}')
        if use_sigmoid:
            raise ValueError('RatioPreservingLoss takes two logits a region: use_sigmoid must be False')
        self.alpha, self.use_sigmoid, self.reduction, self.loss_weight = alpha, use_sigmoid, reduction, loss_weight

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
    ) -> Tensor:
        """Compute the loss.

        Args:
            cls_score: (N, 2), logits of match and non-match.
            label: (N,), 0 for a match and 1 for none.
            weight: (N,), weights beside those of the ratio; regions with weight 0 do not count.
            avg_factor: What a mean divides by; by default N.
            reduction_override: A reduction in place of the loss's own.

        Returns:
            Tensor: The loss, () or with reduction 'none' (N,); of no regions it is 0, with a gradient.

        Raises:
            ValueError: If there are not two logits a region; mmdet's for reductions that do not exist or that forbid
                ``avg_factor``.
        """
        if cls_score.shape[1:] != (2,):
            raise ValueError(
                f'RatioPreservingLoss takes logits (N, 2) of match and non-match, got {tuple(cls_score.shape)}'
            )
        reduction = reduction_override or self.reduction
        if reduction == 'mean' and avg_factor is None:
            avg_factor = max(len(label), 1)
        counted = torch.ones_like(label, dtype=torch.bool) if weight is None else weight > 0
        loss = F.cross_entropy(cls_score, label, reduction='none') * self._weigh(cls_score, label, counted)
        return self.loss_weight * weight_reduce_loss(loss, weight, reduction, avg_factor)

    def _weigh(self, cls_score: Tensor, label: Tensor, counted: Tensor) -> Tensor:
        """Weights (N,) of the regions that count (N,); they sum to their number if both hard and easy ones exist."""
        is_hard = (label == 0) | (cls_score[:, 0] > cls_score[:, 1])
        hard, easy = counted & is_hard, counted & ~is_hard
        weights = self.alpha * hard / hard.sum().clamp(min=1) + (1 - self.alpha) * easy / easy.sum().clamp(min=1)
        return counted.sum() * weights
