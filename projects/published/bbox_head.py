"""PublishedBBoxHead: mmdet's box head that chooses detections as the published code does."""

import torch
from mmdet.models import Shared2FCBBoxHead
from mmdet.models.layers import multiclass_nms
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor

from .boxes import normalise_boxes, numbers_like


@MODELS.register_module()
class PublishedBBoxHead(Shared2FCBBoxHead):
    """mmdet's head with two shared layers; the converter folds the published batch norms into them.

    A region is a detection if it is rather a match than none and scores enough; boxes are clipped to the image within
    its padding. They stay normalised, as mask features need them: :class:`PublishedMaskHead` makes pixels of them.
    """

    def _predict_by_feat_single(
        self,
        roi: Tensor,
        cls_score: Tensor,
        bbox_pred: Tensor,
        img_meta: dict,
        rescale: bool = False,
        rcnn_test_cfg: ConfigDict = None,
    ) -> InstanceData:
        """Decode, choose and suppress the regions (R, 5) of one episode."""
        boxes, match = self.choose_regions(roi[:, 1:], cls_score, bbox_pred, rcnn_test_cfg, img_meta)
        scores = torch.stack([match, 1 - match], dim=1)
        detections, labels = multiclass_nms(boxes, scores, 0.0, rcnn_test_cfg.nms, rcnn_test_cfg.max_per_img)
        return InstanceData(bboxes=detections[:, :4], scores=detections[:, 4], labels=labels)

    def choose_regions(
        self, proposals: Tensor, logits: Tensor, deltas: Tensor, cfg: ConfigDict, img_meta: dict
    ) -> tuple[Tensor, Tensor]:
        """Decode regions (R, 4), and choose among them.

        Returns:
            tuple: Boxes (N, 4), normalised and clipped, and how much they match, (N,).
        """
        match, other = logits.softmax(dim=-1).unbind(1)
        boxes = self.bbox_coder.decode(proposals, deltas)
        chosen = (match > other) & (match >= cfg.score_thr)
        return clip_boxes(boxes[chosen], window_of(img_meta, boxes)), match[chosen]


def window_of(img_meta: dict, like: Tensor) -> Tensor:
    """The image within the network input, normalised (1, 4), of the type of another tensor."""
    return normalise_boxes(numbers_like(like, img_meta['window'])[None], img_meta['img_shape'][:2])


def clip_boxes(boxes: Tensor, window: Tensor) -> Tensor:
    """Clip boxes (N, 4) to a window (1, 4)."""
    low, high = window.split(2, dim=1)
    return boxes.clamp(low.repeat(1, 2), high.repeat(1, 2))
