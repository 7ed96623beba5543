"""FixedStatsBatchNorm2d: batch norm on stored statistics, in training too."""

import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module('FixedStatsBN')
class FixedStatsBatchNorm2d(nn.BatchNorm2d):
    """Batch norm on its stored statistics in training too; gamma and beta are trained.

    The published code runs every batch norm so. In the backbone mmdet's ``norm_eval`` does the same; in a head that is
    trained from scratch the statistics stay at mean 0 and variance 1, which makes it an affine layer a channel. Any
    number of RoIs can pass, none as well.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (N, C, H, W)."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
