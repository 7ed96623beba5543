"""RelationRoIHead: match once more, region against reference."""

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS
from mmengine.model import BaseModule, Sequential
from torch import Tensor, nn

from mmosis.structures import MatchedFeatures

from .binary_roi_head import BinaryRoIHead


class RegionRelation(BaseModule):
    """Embed a region and a reference by the same layer, and tell how they differ.

    The paper compares every position with the mean of the reference, which knows no layout. Here the whole region is
    compared with the whole reference, as in Attention-RPN's patch relation (arXiv 1908.01998), by the absolute
    difference of unit vectors.

    Args:
        in_channels: C of the pyramid.
        roi_feat_size: s.
        embed_channels: Size of the unit vectors.
        out_channels: Channels of the result.
        embed_init_cfg: Where the embedding's layer starts; random by default.
    """

    def __init__(
        self,
        in_channels: int,
        roi_feat_size: int,
        embed_channels: int,
        out_channels: int,
        embed_init_cfg: dict | None = None,
    ) -> None:
        super().__init__()
        self.embed_layer = Sequential(
            nn.Linear(in_channels * roi_feat_size**2, embed_channels), init_cfg=embed_init_cfg
        )
        self.relate = nn.Linear(embed_channels, out_channels)

    def embed(self, regions: Tensor) -> Tensor:
        """Embed regions (R, C, s, s) as vectors (R, embed_channels) whose entries are of order 1, all of one length."""
        vectors = torch.relu(self.embed_layer(regions.flatten(1)))
        return F.normalize(vectors) * vectors.shape[1] ** 0.5

    def forward(self, regions: Tensor, references: Tensor, episodes: Tensor) -> Tensor:
        """Relate regions to references.

        Args:
            regions: (R, C, s, s).
            references: (E, C, s, s).
            episodes: (R,), which reference a region is compared with.

        Returns:
            Tensor: (R, out_channels).
        """
        return self.relate((self.embed(regions) - self.embed(references)[episodes]).abs())


@MODELS.register_module()
class RelationRoIHead(BinaryRoIHead):
    """Classify a region by its matched features and by its relation to the reference, which is added to them.

    It goes with :class:`RelationMatchNeck`, which hands both sides on.

    Args:
        relation: Arguments of :class:`RegionRelation` but for the size of regions and of the result.
        **kwargs: ``BinaryRoIHead``'s.
    """

    def __init__(self, *args, relation: dict, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.relation = RegionRelation(
            **relation, roi_feat_size=self.bbox_head.roi_feat_size[0], out_channels=self.bbox_head.in_channels
        )

    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses of the box head, with the relation that its classification trains."""
        return dict(super().heads_by_loss(), loss_cls=nn.ModuleList([self.bbox_head, self.relation]))

    def _bbox_forward(self, x: MatchedFeatures, rois: Tensor) -> dict:
        levels = slice(self.bbox_roi_extractor.num_inputs)
        regions = self.bbox_roi_extractor(x.image_feats[levels], x.rois_in_images(rois))
        related = self.relation(regions, x.references.tensors[-1], episodes=rois[:, 0].long())
        bbox_feats = self.bbox_roi_extractor(x[levels], rois) + related[..., None, None]
        cls_score, bbox_pred = self.bbox_head(bbox_feats)
        return dict(cls_score=cls_score, bbox_pred=bbox_pred, bbox_feats=bbox_feats)
