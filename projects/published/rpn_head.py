"""The published code's proposals."""

from collections.abc import Callable

import torch
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from mmosis.models import ComposedRPNHead


@MODELS.register_module()
class PublishedRPNHead(ComposedRPNHead):
    """mmdet's RPN that chooses and suppresses over all levels together; it has two logits an anchor."""

    def _bbox_post_process(
        self,
        results: InstanceData,
        cfg: ConfigDict,
        rescale: bool = False,
        with_nms: bool = True,
        img_meta: dict | None = None,
    ) -> InstanceData:
        """Keep the best ``nms_pre`` of all levels, suppress among them, and fill up with empty boxes."""
        best = results.scores.sort(descending=True, stable=True).indices[: cfg.nms_pre]
        results = results[best]
        results.level_ids = torch.zeros_like(results.level_ids)
        results = super()._bbox_post_process(results, cfg, rescale, with_nms, img_meta)
        missing = 0 if self.training else cfg.max_per_img - results.scores.shape[0]
        empty = InstanceData(
            bboxes=results.bboxes.new_zeros(missing, 4),
            scores=results.scores.new_zeros(missing),
            labels=results.labels.new_zeros(missing),
        )
        return InstanceData.cat([results, empty])

    def choose_proposals(self, boxes: Tensor, scores: Tensor, cfg: ConfigDict, choose: Callable) -> Tensor:
        """Choose among the boxes (N, 4) of all levels as a test does, in tensor operations, for an export."""
        best = scores.sort(descending=True).indices[: cfg.nms_pre]
        boxes, _ = choose(boxes[best], scores[best], cfg)
        return torch.cat([boxes, boxes.new_zeros(cfg.max_per_img, 4)])[: cfg.max_per_img]
