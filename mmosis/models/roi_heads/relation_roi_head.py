"""RelationRoIHead: a RoI head that compares each region with the reference again."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from mmdet.models.task_modules import SamplingResult
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from torch import Tensor, nn

from mmosis.structures import MatchedFeatures

from .binary_roi_head import BinaryRoIHead


@MODELS.register_module()
class RelationRoIHead(BinaryRoIHead):
    """Classify a region by its matched features and by its relation to the reference.

    It goes with a match neck that keeps the reference as a ``region`` too, such as :class:`RelationMatchNeck`.

    Args:
        bbox_roi_extractor: mmdet's, of matched features; regions of the image are taken in the same way.
        relation: Config of the :class:`RegionRelation`, without the size of regions and of the result; by default a
            ``PatchRelation``.
        competition: Weight of the contrastive loss in training: a region that matches must also resemble its own
            reference more than those of the batch's other episodes (:func:`contrastive_loss`). By default there is
            none.
        **kwargs: ``BinaryRoIHead``'s.

    Raises:
        TypeError: If a relation without similarities is to be trained by the contrastive loss.
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
                f'{type(self.relation).__name__} has no similarities for a contrastive loss: remove '
                'competition, or take another relation'
            )

    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses of the box head, with the relation that its classification trains."""
        heads = dict(super().heads_by_loss(), loss_cls=nn.ModuleList([self.bbox_head, self.relation]))
        return heads if self.competition is None else dict(heads, loss_competition=self.relation)

    def _bbox_forward(self, x: MatchedFeatures, rois: Tensor) -> dict:
        levels = slice(self.bbox_roi_extractor.num_inputs)
        regions = self.region_extractor(x.image_feats[levels], x.rois_in_images(rois))
        matched = self.bbox_roi_extractor(x[levels], rois)
        related = self.relation(matched, regions, x.references['region'], rois[:, 0].long())
        cls_score, bbox_pred = self.bbox_head(related.feats)
        if isinstance(related.logits, Tensor):  # column 0 is the match, column 1 the background
            cls_score = cls_score + F.pad(related.logits[:, None], (0, 1))
        return dict(cls_score=cls_score, bbox_pred=bbox_pred, bbox_feats=related.feats, regions=regions)

    # ---------------------------------------------------------------- training

    def loss(self, x: MatchedFeatures, rpn_results_list: InstanceList, batch_data_samples: SampleList) -> dict:
        """As mmdet's; for the contrastive loss the features carry the episodes' category ids."""
        if self.competition is not None:
            cat_ids = torch.tensor([sample.episodes[0].cat_id for sample in batch_data_samples])
            x = replace(x, cat_ids=cat_ids.to(x[0].device))
        return super().loss(x, rpn_results_list, batch_data_samples)

    def bbox_loss(self, x: MatchedFeatures, sampling_results: list[SamplingResult]) -> dict:
        """As mmdet's, and the contrastive loss."""
        results = super().bbox_loss(x, sampling_results)
        if self.competition is not None:
            matches, own = matching_regions(sampling_results, x[0].device)
            logits = self.relation.similarities(results['regions'][matches], x.references['region'])
            results['loss_bbox']['loss_competition'] = self.competition * contrastive_loss(logits, own, x.cat_ids)
        return results


def matching_regions(sampling_results: list[SamplingResult], device: torch.device) -> tuple[Tensor, Tensor]:
    """Find the regions that match, among those of E episodes one after the other.

    Returns:
        tuple: Which of all R regions match, (R,) bool; and the episode of each that does, (P,).
    """
    # Of each episode's regions those that match come first.
    matches = torch.cat([torch.arange(len(r.priors)) < len(r.pos_priors) for r in sampling_results])
    episodes = [torch.full((len(r.pos_priors),), i) for i, r in enumerate(sampling_results)]
    return matches.to(device), torch.cat(episodes).to(device)


def contrastive_loss(logits: Tensor, own: Tensor, cat_ids: Tensor) -> Tensor:
    """Cross-entropy of the decision which of E references a region shows.

    "Match or non-match" within an image teaches little of how categories differ; the paper names the missing N+1-way
    decision as a weakness (section 7).

    Args:
        logits: (P, E), how much each region resembles each reference.
        own: (P,), its own reference.
        cat_ids: (E,). Other references of the same category are no negatives, nor are those of another data set whose
            category id happens to be the same.

    Returns:
        Tensor: The mean over regions; 0, with a gradient, if there is none.
    """
    excluded = (cat_ids == cat_ids[own, None]).scatter(1, own[:, None], False)
    logits = logits.float().masked_fill(excluded, float('-inf'))
    return F.cross_entropy(logits, own, reduction='sum') / max(len(own), 1)
