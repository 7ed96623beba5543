"""The published code's masks and boxes in pixels."""

import numpy as np
import torch
from mmdet.models import FCNMaskHead
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from torch import Tensor

from mmosis.utils.resize import resize_bilinear

from .bbox_head import window_of
from .boxes import denormalise_boxes


@MODELS.register_module()
class PublishedMaskHead(FCNMaskHead):
    """mmdet's head whose results are in whole pixels, as the published code's are.

    Args:
        anti_aliasing: Whether masks are blurred before they are shrunk: see :func:`resize_bilinear`.
        **kwargs: ``FCNMaskHead``'s.
    """

    def __init__(self, *args, anti_aliasing: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.anti_aliasing = anti_aliasing

    def _predict_by_feat_single(
        self,
        mask_preds: Tensor,
        bboxes: Tensor,
        labels: Tensor,
        img_meta: dict,
        rcnn_test_cfg: ConfigDict,
        rescale: bool = False,
        activate_map: bool = False,
    ) -> Tensor:
        """Turn normalised boxes (N, 4) into pixels, in place as mmdet does, and paste the masks (N, 1, h, w).

        Returns:
            Tensor: (N, H, W) bool.
        """
        shape = img_meta['ori_shape'][:2] if rescale else img_meta['img_shape'][:2]
        if rescale:
            low, high = window_of(img_meta, bboxes).split(2, dim=1)
            bboxes.sub_(low.repeat(1, 2)).div_((high - low).repeat(1, 2))
        bboxes.copy_(denormalise_boxes(bboxes, shape).round())
        pasted = np.zeros((len(bboxes), *shape), bool)
        masks = mask_preds[:, 0].sigmoid().float().cpu().numpy()
        for canvas, mask, (x1, y1, x2, y2) in zip(pasted, masks, bboxes.long().tolist(), strict=True):
            if x2 > x1 and y2 > y1:
                resized = resize_bilinear(mask, (y2 - y1, x2 - x1), self.anti_aliasing)
                canvas[y1:y2, x1:x2] = resized >= rcnn_test_cfg.mask_thr_binary
        return torch.from_numpy(pasted).to(bboxes.device)
