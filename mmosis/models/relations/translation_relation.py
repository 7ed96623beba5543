"""TranslationRelation: a transformer that expresses a region by the positions of the reference."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from ..layers import SelectiveAttention
from .region_relation import RegionRelation, Related


@MODELS.register_module()
class TranslationRelation(RegionRelation):
    """Translate a region with respect to the reference by a transformer, and add it to the matched features.

    What AIT (Chen et al., "Adaptive Image Transformer for One-Shot Object Detection", CVPR 2021) does with proposals,
    as in its code (CAIVIAC/AIT, ``transformer/Models.py``): one layer of encoder and of decoder. The encoder reads the
    region's positions. The decoder starts from the reference's, attends to itself, and then to the encoded region: so
    for each position of the reference it gives the matching part of the region. Both sides are embedded, get position
    codes (sines, over the rows one after the other), and are normalised; attention is :class:`SelectiveAttention`.

    The decoder's attention to itself is of the reference alone: it is computed once for a reference, not for a region.

    What differs from the code:

    - Its decoder lets a position attend to earlier positions of the reference only, as words of a sentence do;
      positions of an image have no such order, so all see all.
    - It pads the region's 49 positions to the reference's 64 and masks the padding, which changes nothing; here both
      have s x s.
    - The translation takes the region's place there, after a co-attention of image and reference; a selection of
      channels and a classifier of both follow. Here it is added to the region's matched features, which keep the layout
      that boxes are regressed from. Crops that fill their square have the reference's parts in the same places.

    Args:
        embed_channels: D of the transformer.
        feedforward_channels: Of the layer between.
        num_heads: Heads of attention; they divide D.
        dropout: In training.
        init_cfg: Initialisation; by default xavier, as in the code.
        **kwargs: ``RegionRelation``'s.
    """

    def __init__(
        self,
        *,
        embed_channels: int = 512,
        feedforward_channels: int = 2048,
        num_heads: int = 8,
        dropout: float = 0.1,
        init_cfg: dict | list[dict] | None = dict(type='Xavier', layer='Linear', distribution='uniform'),  # noqa: B006
        **kwargs,
    ) -> None:
        super().__init__(init_cfg=init_cfg, **kwargs)
        attention, feedforward = (embed_channels, num_heads, dropout), (embed_channels, feedforward_channels, dropout)
        self.embed_region = _Embedding(self.in_channels, embed_channels, self.roi_feat_size**2, dropout)
        self.encoder_attention = SelectiveAttention(*attention)
        self.encoder_feedforward = _FeedForward(*feedforward)
        self.embed_reference = _Embedding(self.in_channels, embed_channels, self.roi_feat_size**2, dropout)
        self.decoder_attention = SelectiveAttention(*attention)
        self.cross_attention = SelectiveAttention(*attention)
        self.decoder_feedforward = _FeedForward(*feedforward)
        self.out_layer = nn.Linear(embed_channels, self.out_channels)

    def forward(self, matched: Tensor, regions: Tensor, references: Tensor, episodes: Tensor) -> Related:
        """Translate; arguments and result are ``RegionRelation``'s."""
        translated = self.translate(self.encode(regions), self.prepare(references)[episodes])
        return Related(matched + translated.transpose(1, 2).reshape(matched.shape))

    def encode(self, regions: Tensor) -> Tensor:
        """Encode regions (R, C, s, s): positions (R, s * s, D)."""
        embedded = self.embed_region(regions)
        return self.encoder_feedforward(self.encoder_attention(embedded, embedded))

    def prepare(self, references: Tensor) -> Tensor:
        """Encode references (E, C, s, s) as far as that depends on no region: positions (E, s * s, D)."""
        embedded = self.embed_reference(references)
        return self.decoder_attention(embedded, embedded)

    def translate(self, encoded: Tensor, prepared: Tensor) -> Tensor:
        """Express encoded regions (R, s * s, D) by the positions of their references (R, s * s, D): (R, s * s, C')."""
        return self.out_layer(self.decoder_feedforward(self.cross_attention(prepared, encoded)))


class _Embedding(nn.Module):
    """Embed maps (R, C, s, s) as positions (R, N = s * s, D) with position codes."""

    def __init__(self, in_channels: int, out_channels: int, num_positions: int, dropout: float) -> None:
        super().__init__()
        self.layer = nn.Linear(in_channels, out_channels)
        self.register_buffer('positions', _sines(num_positions, out_channels), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(out_channels, eps=1e-6)

    def forward(self, maps: Tensor) -> Tensor:
        return self.norm(self.dropout(self.layer(maps.flatten(2).transpose(1, 2)) + self.positions))


class _FeedForward(nn.Module):
    """Two layers at each position (..., D), added to it and normalised."""

    def __init__(self, channels: int, hidden_channels: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(channels, hidden_channels), nn.ReLU(), nn.Linear(hidden_channels, channels), nn.Dropout(dropout)
        )
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.layers(x))


def _sines(num_positions: int, channels: int) -> Tensor:
    """Position codes (N, D) of "Attention is all you need": sines of falling frequency, and cosines between them."""
    channel = torch.arange(channels)
    angles = torch.arange(num_positions)[:, None] / 10000 ** (channel // 2 * 2 / channels)
    return torch.where(channel % 2 == 0, angles.sin(), angles.cos())
