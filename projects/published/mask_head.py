"""The published code's masks and boxes in pixels."""

import numpy as np
import torch
from mmdet.models import FCNMaskHead
from mmdet.registry import MODELS
from mmengine.config import ConfigDict
from torch import Tensor

from mmosis.utils.published_frame import fit_to_box, within_window

from .bbox_head import window_of
from .boxes import denormalise_boxes


@MODELS.register_module()
class PublishedMaskHead(FCNMaskHead):
    """mmdet's head whose results are in integer pixels, as the published code's are.

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
            window = window_of(img_meta, bboxes)
            bboxes.copy_(torch.stack(within_window(bboxes.unbind(1), window.unbind(1)), dim=1))
        bboxes.copy_(denormalise_boxes(bboxes, shape).round())
        pasted = np.zeros((len(bboxes), *shape), bool)
        masks = mask_preds[:, 0].sigmoid().float().cpu().numpy()
        for canvas, mask, bbox in zip(pasted, masks, bboxes.long().tolist(), strict=True):
            part, x, y = fit_to_box(mask, bbox, self.anti_aliasing)
            canvas[y : y + part.shape[0], x : x + part.shape[1]] = part >= rcnn_test_cfg.mask_thr_binary
        return torch.from_numpy(pasted).to(bboxes.device)
