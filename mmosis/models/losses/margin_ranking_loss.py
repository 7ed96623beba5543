"""MarginRankingLoss: cross-entropy with CoAE's margin-based ranking of matches and non-matches."""

from typing import Any

import torch
from mmdet.models import CrossEntropyLoss
from mmdet.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class MarginRankingLoss(CrossEntropyLoss):
    """Cross-entropy, and beside it CoAE's ranking of pairs of regions: a ``loss_cls`` of the box head.

    With s the probability of a match, a pair of regions costs (arXiv 1911.12529, section 3.3)::

        max(0, |s_i - s_j| - lower)   if both match or neither does
        max(0, upper - |s_i - s_j|)   if one of them matches

    As in its code (``faster_rcnn.py``), the mean is taken over all ordered pairs, a region with itself included. The
    paper adds a term for single regions, max(0, upper - s) for a match and max(0, s - lower) for others, and sums; its
    code leaves that to the cross-entropy.

    In CoAE both regions of a pair are of one image. A loss of mmdet gets the regions of all images of a batch
    together, so here a pair may be of two: matches of different images are to score alike too. A batch of one
    image is CoAE's.

    Args:
        ranking_weight: Weight of the ranking; ``loss_weight`` is that of the cross-entropy alone.
        upper: By how much the scores of a match and a non-match shall differ at least, 0 to 1.
        lower: By how much those of two matches or of two non-matches may differ, 0 to 1.
        **kwargs: ``CrossEntropyLoss``'s.

    Raises:
        ValueError: If scores are no softmax of two columns.
    """

    def __init__(self, *, ranking_weight: float = 3.0, upper: float = 0.7, lower: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.use_sigmoid or self.use_mask:
            raise ValueError(
                'MarginRankingLoss ranks by the softmax of match and non-match: do not set use_sigmoid or use_mask'
            )
        self.ranking_weight, self.upper, self.lower = ranking_weight, upper, lower

    def forward(self, cls_score: Tensor, label: Tensor, weight: Tensor | None = None, **kwargs: Any) -> dict:
        """Compute both losses.

        Args:
            cls_score: (R, 2), logits of match and non-match.
            label: (R,), 0 for a match and 1 for others.
            weight: (R,), how much a region counts, and a pair by the product of its two; by default all count 1.
            **kwargs: ``CrossEntropyLoss``'s.

        Returns:
            dict: ``loss_cls`` and ``loss_ranking``, scalars.
        """
        counts = torch.ones_like(label) if weight is None else weight
        loss_ranking = self.ranking_weight * self._rank(cls_score.float().softmax(dim=1)[:, 0], label, counts.float())
        return dict(loss_cls=super().forward(cls_score, label, weight, **kwargs), loss_ranking=loss_ranking)

    def _rank(self, scores: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """Mean over the pairs of regions, of scores (R,), labels (R,) and weights (R,)."""
        differences = (scores[:, None] - scores).abs()
        costs = torch.where(labels[:, None] == labels, differences - self.lower, self.upper - differences).clamp(min=0)
        pairs = weights[:, None] * weights
        return (costs * pairs).sum() / pairs.sum().clamp(min=1)
