"""SelectiveAttention: multi-head attention that weighs its heads by a softmax."""

import torch.nn.functional as F
from torch import Tensor, nn


class SelectiveAttention(nn.Module):
    """Multi-head attention that selects among its heads, channel by channel, and adds them up.

    The multi-head attention of AIT (Chen et al., CVPR 2021), which calls it selective parallel attention; equations as
    in its code (CAIVIAC/AIT, ``transformer/SubLayers.py``). Head h of queries x and keys y is

        o_h = softmax(W_q x (W_k y)^T / sqrt(d)) W_v y, (N, d),

    and the result LayerNorm(x + W_o sum_h g_h o_h). The weights g (heads, d) are a softmax over heads of a linear map
    of the mean over positions of sum_h o_h. So heads are added rather than laid side by side, and W_o is small.

    Args:
        channels: D of queries and keys.
        num_heads: Heads, of d = D / heads channels each.
        dropout: Of attention and of what is added, in training.

    Raises:
        ValueError: If the heads do not divide the channels.
    """

    def __init__(self, channels: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        if channels % num_heads:
            raise ValueError(f'heads must divide channels, got {num_heads} heads and {channels} channels')
        self.num_heads, self.head_channels = num_heads, channels // num_heads
        self.query_layer = nn.Linear(channels, channels, bias=False)
        self.key_layer = nn.Linear(channels, channels, bias=False)
        self.value_layer = nn.Linear(channels, channels, bias=False)
        self.select_layer = nn.Linear(self.head_channels, channels)
        self.out_layer = nn.Linear(self.head_channels, channels, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Attend.

        Args:
            queries: (R, N, D).
            keys: (R, M, D), which are the values too.

        Returns:
            Tensor: (R, N, D), with mean 0 and variance 1 over D before the norm's weights.
        """
        heads = F.scaled_dot_product_attention(
            self._split(self.query_layer(queries)),
            self._split(self.key_layer(keys)),
            self._split(self.value_layer(keys)),
            dropout_p=self.dropout.p if self.training else 0.0,
        )
        summary = heads.sum(dim=1).mean(dim=1)
        weights = self.select_layer(summary).reshape(-1, self.num_heads, 1, self.head_channels).softmax(dim=1)
        return self.norm(queries + self.dropout(self.out_layer((heads * weights).sum(dim=1))))

    def _split(self, rows: Tensor) -> Tensor:
        """Split positions (R, N, D) by head: (R, heads, N, d)."""
        # Not unflatten, after which an export no longer knows the rank.
        return rows.reshape(*rows.shape[:2], self.num_heads, self.head_channels).transpose(1, 2)
