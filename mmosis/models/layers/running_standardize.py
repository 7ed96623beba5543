"""RunningStandardize: standardise features by running statistics."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RunningStandardize(nn.BatchNorm2d):
    """Subtract the mean and divide by the standard deviation of each channel, over all images seen in training.

    Batch norm without parameters that never uses the batch it normalises: images and references, few or many, pass
    through the same map, and what is compared is what differs from the average image. A frozen backbone's statistics
    settle in a few hundred steps; then a cosine between features means something.

    Args:
        num_features: C.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__(num_features, affine=False, momentum=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """Standardise (N, C, H, W)."""
        x = x.float()
        if self.training:
            self.num_batches_tracked += 1
            # The mean of all steps at first, a running mean later.
            momentum = max(self.momentum, 1.0 / self.num_batches_tracked.item())
            with torch.no_grad():
                F.batch_norm(x, self.running_mean, self.running_var, training=True, momentum=momentum)
        # A search in bfloat16 has made the statistics bfloat16 too.
        return F.batch_norm(x, self.running_mean.float(), self.running_var.float(), eps=self.eps)
