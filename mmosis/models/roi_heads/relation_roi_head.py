"""RelationRoIHead: match once more, region against reference."""

import torch
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.structures import MatchedFeatures

from .binary_roi_head import BinaryRoIHead


class RegionRelation(nn.Module):
    """Embed a region and a reference, and tell how they differ.

    Args:
        in_channels: C of the pyramid.
        roi_feat_size: s.
        embed_channels: Size of the embeddings.
        out_channels: Channels of the result.
    """

    def __init__(self, in_channels: int, roi_feat_size: int, embed_channels: int, out_channels: int) -> None:
        super().__init__()
        size = in_channels * roi_feat_size**2
        # The reference is letterboxed and a region is stretched, so each has its own.
        self.embed_region = nn.Linear(size, embed_channels)
        self.embed_reference = nn.Linear(size, embed_channels)
        self.relate = nn.Linear(embed_channels, out_channels)

    def forward(self, regions: Tensor, references: Tensor, episodes: Tensor) -> Tensor:
        """Relate regions to references.

        Args:
            regions: (R, C, s, s).
            references: (E, C, s, s).
            episodes: (R,), which reference a region is compared with.

        Returns:
            Tensor: (R, out_channels).
        """
        one, other = self.embed_region(regions.flatten(1)), self.embed_reference(references.flatten(1))
        return torch.relu(self.relate((one - other[episodes]).abs()))


@MODELS.register_module()
class RelationRoIHead(BinaryRoIHead):
    """Classify a region by its matched features and by its relation to the reference.

    Args:
        relation: Arguments of :class:`RegionRelation` but for the size of regions.
        **kwargs: ``BinaryRoIHead``'s; the box head takes ``relation.out_channels`` more channels.
    """

    def __init__(self, *args, relation: dict, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.relation = RegionRelation(roi_feat_size=self.bbox_head.roi_feat_size[0], **relation)

    def _bbox_forward(self, x: MatchedFeatures, rois: Tensor) -> dict:
        levels = slice(self.bbox_roi_extractor.num_inputs)
        matched = self.bbox_roi_extractor(x[levels], rois)
        episodes = rois[:, 0].long()
        rois = torch.cat([rois[:, :1] * (len(x.image_feats[0]) > 1), rois[:, 1:]], dim=1)
        regions = self.bbox_roi_extractor(x.image_feats[levels], rois)
        embedded = self.relation(regions, x.references, episodes)
        related = embedded[..., None, None].expand(-1, -1, *matched.shape[-2:])
        bbox_feats = torch.cat([matched, related], dim=1)
        cls_score, bbox_pred = self.bbox_head(bbox_feats)
        return dict(cls_score=cls_score, bbox_pred=bbox_pred, bbox_feats=bbox_feats)
