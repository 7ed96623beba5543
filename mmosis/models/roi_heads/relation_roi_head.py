"""RelationRoIHead: match once more, region against reference."""

from dataclasses import replace

import torch.nn.functional as F
from mmdet.models.task_modules import SamplingResult
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from torch import Tensor, nn

from mmosis.structures import MatchedFeatures

from ..relations import Related
from .binary_roi_head import BinaryRoIHead
from .competition import competition_loss, matching_regions, searched_cat_ids


@MODELS.register_module()
class RelationRoIHead(BinaryRoIHead):
    """Classify a region by its matched features and by its relation to the reference.

    It goes with a match neck that keeps the reference as a ``region`` too, such as :class:`RelationMatchNeck`.

    Args:
        bbox_roi_extractor: mmdet's, of matched features; regions of the image are taken in the same way.
        relation: Config of the :class:`RegionRelation`, without the size of regions and of the result; by default a
            ``PatchRelation``.
        competition: Weight of the decision among the batch's references in training: a region that matches must also
            resemble its own reference more than those of the batch's other episodes (:func:`competition_loss`). By
            default there is none.
        **kwargs: ``BinaryRoIHead``'s.

    Raises:
        TypeError: If a relation without similarities is to decide among references.
    """

    reference_fields = ('region',)

    def __init__(
        self, *args, bbox_roi_extractor: dict, relation: dict, competition: float | None = None, **kwargs
    ) -> None:
        super().__init__(*args, bbox_roi_extractor=bbox_roi_extractor, **kwargs)
        self.competition = competition
        self.region_extractor = MODELS.build({**bbox_roi_extractor, 'out_channels': relation['in_channels']})
        sizes = dict(roi_feat_size=self.bbox_head.roi_feat_size[0], out_channels=self.bbox_head.in_channels)
        self.relation = MODELS.build({'type': 'PatchRelation', **relation, **sizes})
        if competition is not None and not hasattr(self.relation, 'similarities'):
            raise TypeError(
                f'{type(self.relation).__name__} has no similarities, so regions cannot be decided among references: '
                'leave competition out, or take another relation'
            )

    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses of the box head, with the relation that its classification trains."""
        heads = dict(super().heads_by_loss(), loss_cls=nn.ModuleList([self.bbox_head, self.relation]))
        return heads if self.competition is None else dict(heads, loss_competition=self.relation)

    def _bbox_forward(self, x: MatchedFeatures, rois: Tensor) -> dict:
        related, sides = self._relate(x, rois)
        cls_score, bbox_pred = self.bbox_head(related.feats)
        cls_score = _add_to_match(cls_score, related.logits)
        return dict(cls_score=cls_score, bbox_pred=bbox_pred, bbox_feats=related.feats, **sides)

    def _relate(self, x: MatchedFeatures, rois: Tensor) -> tuple[Related, dict]:
        """Compare regions (R, 5) with their references; beside the result what of the regions the losses need."""
        levels = slice(self.bbox_roi_extractor.num_inputs)
        regions = self.region_extractor(x.image_feats[levels], x.rois_in_images(rois))
        matched = self.bbox_roi_extractor(x[levels], rois)
        related = self.relation(matched, regions, x.references['region'], rois[:, 0].long())
        return related, dict(regions=regions)

    # ---------------------------------------------------------------- training

    def loss(self, x: MatchedFeatures, rpn_results_list: InstanceList, batch_data_samples: SampleList) -> dict:
        """As mmdet's; what the episodes search for goes with the features where it is to be decided."""
        if self.competition is not None:
            x = replace(x, cat_ids=searched_cat_ids(batch_data_samples).to(x[0].device))
        return super().loss(x, rpn_results_list, batch_data_samples)

    def bbox_loss(self, x: MatchedFeatures, sampling_results: list[SamplingResult]) -> dict:
        """As mmdet's, and the decision among the batch's references."""
        results = super().bbox_loss(x, sampling_results)
        if self.competition is not None:
            matches, own = matching_regions(sampling_results, x[0].device)
            logits = self.relation.similarities(results['regions'][matches], x.references['region'])
            results['loss_bbox']['loss_competition'] = self.competition * competition_loss(logits, own, x.cat_ids)
        return results


def _add_to_match(cls_score: Tensor, logits: Tensor | float) -> Tensor:
    """Add logits (R,) to column 0 of scores (R, 2), which says match; column 1 says background."""
    return cls_score + F.pad(logits[:, None], (0, 1)) if isinstance(logits, Tensor) else cls_score
