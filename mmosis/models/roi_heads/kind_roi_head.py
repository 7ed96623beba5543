"""KindRoIHead: of one kind with the reference, and of none of the others."""

import torch
from mmdet.models.task_modules import SamplingResult
from mmdet.registry import MODELS
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from torch import Tensor, nn
from torchvision.ops import roi_align

from mmosis.structures import MatchedFeatures

from ..layers import KindComparison
from ..relations import Related
from .competition import competition_loss, kinds_of, matching_regions
from .relation_roi_head import RelationRoIHead


@MODELS.register_module()
class KindRoIHead(RelationRoIHead):
    """Compare a region with the reference in layout, as :class:`RelationRoIHead` does, and in kind.

    The kind maps that :class:`KindFPN` hands on are averaged over the region and compared with the reference's vectors
    by :class:`KindComparison`. The result is added to the region's features, and the cosines, weighted, to its logit.

    In training a region that matches must also resemble its own reference more than those of the batch's other episodes
    (:func:`competition_loss` over the embeddings' cosines).

    Args:
        kind: ``in_channels`` of each kind map, ``embed_channels``, ``temperature`` that the cosines are multiplied by,
            and ``loss_weight`` of the decision among the batch's references.
        **kwargs: ``RelationRoIHead``'s.
    """

    def __init__(self, *args, kind: dict, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.temperature, self.loss_weight = kind['temperature'], kind['loss_weight']
        self.comparisons = nn.ModuleList(
            KindComparison(channels, kind['embed_channels'], self.bbox_head.in_channels)
            for channels in kind['in_channels']
        )
        self.cosine_weights = nn.Linear(2 * len(self.comparisons), 1)

    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses of the box head, with the comparisons that its classification trains."""
        heads = super().heads_by_loss()
        kinds = nn.ModuleList([self.comparisons, self.cosine_weights])
        return dict(heads, loss_cls=nn.ModuleList([heads['loss_cls'], kinds]), loss_kind=self.comparisons)

    def refine_region_layers(self, layers: dict[int, nn.Linear | None]) -> dict[int, nn.Linear | None]:
        """Embed the kind maps of the match neck's layers as this head does, which learnt to tell references apart."""
        return {level: own.embed_layer for level, own in zip(layers, self.comparisons, strict=True)}

    # ---------------------------------------------------------------- forward

    def _relate(self, x: MatchedFeatures, rois: Tensor) -> tuple[Related, dict]:
        related, sides = super()._relate(x, rois)
        kinds = self._pool_kinds(x, rois)
        compared, cosines = self._compare_kinds(x, rois, kinds)
        logits = self.cosine_weights(self.temperature * cosines)[:, 0]
        feats = related.feats + compared[..., None, None]
        return Related(feats, related.logits + logits), dict(sides, kinds=kinds)

    def _compare_kinds(self, x: MatchedFeatures, rois: Tensor, kinds: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Compare kinds of regions (R, C_k) with their references: (R, C), and all cosines (R, 2 * kind maps)."""
        refs = [ref[rois[:, 0].long()] for ref in _kind_vectors(x)]
        pairs = zip(self.comparisons, kinds, refs, strict=True)
        compared, cosines = zip(*(comparison(feats, ref) for comparison, feats, ref in pairs), strict=True)
        return sum(compared), torch.cat(cosines, dim=-1)

    def _pool_kinds(self, x: MatchedFeatures, rois: Tensor) -> list[Tensor]:
        """Average the kind maps over regions (R, 5): vectors (R, C_k)."""
        rois = x.rois_in_images(rois).float()
        strides = self.bbox_roi_extractor.featmap_strides
        width = x[0].shape[-1] * strides[0]
        return [
            roi_align(kinds.float(), rois, 3, kinds.shape[-1] / width, 2, aligned=True).mean(dim=(2, 3))
            for kinds in x.image_feats[len(x) :]
        ]

    # ---------------------------------------------------------------- training

    def loss(self, x: MatchedFeatures, rpn_results_list: InstanceList, batch_data_samples: SampleList) -> dict:
        """As mmdet's; the kinds that the episodes search for go with the features."""
        x.kinds = kinds_of(batch_data_samples).to(x[0].device)
        return super().loss(x, rpn_results_list, batch_data_samples)

    def bbox_loss(self, x: MatchedFeatures, sampling_results: list[SamplingResult]) -> dict:
        """As mmdet's, and the decision among the batch's references."""
        results = super().bbox_loss(x, sampling_results)
        results['loss_bbox']['loss_kind'] = self.loss_weight * self._kind_loss(x, sampling_results, results['kinds'])
        return results

    def _kind_loss(self, x: MatchedFeatures, sampling_results: list[SamplingResult], kinds: list[Tensor]) -> Tensor:
        matches, own = matching_regions(sampling_results, x[0].device)
        losses = []
        for comparison, feats, refs in zip(self.comparisons, kinds, _kind_vectors(x), strict=True):
            logits = self.temperature * comparison.embed(feats[matches]) @ comparison.embed(refs).T
            losses.append(competition_loss(logits, own, x.kinds))
        return sum(losses)


def _kind_vectors(x: MatchedFeatures) -> tuple[Tensor, ...]:
    """The references' vectors (E, C_k), one a kind map."""
    return x.references.tensors[len(x) : -1]
