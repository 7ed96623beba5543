"""Mixed precision: a detector that computes in half precision, and boxes in float32."""

from typing import Any

import torch
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from torch import Tensor, nn


def to_half_precision(model: nn.Module, dtype: torch.dtype) -> None:
    """Convert all but the preprocessor, and let heads answer in float32.

    mmdet lays anchors in the type of the scores, and bfloat16 has but every second pixel from 256 on, every fourth from
    512 on.

    Args:
        model: The detector; it is changed.
        dtype: A half precision.
    """
    for name, child in model.named_children():
        if name != 'data_preprocessor':  # pixels are normalised in float32
            child.to(dtype)
    for module in model.modules():
        if isinstance(module, BaseDenseHead | BBoxHead | FCNMaskHead):
            module.register_forward_hook(lambda _, __, answer: _as_float(answer))


def _as_float(answer: Any) -> Any:
    if isinstance(answer, Tensor):
        return answer.float()
    return type(answer)(map(_as_float, answer)) if isinstance(answer, list | tuple) else answer
