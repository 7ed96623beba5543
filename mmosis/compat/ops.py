"""NMS and RoIAlign for an mmcv that was installed without its compiled ops.

Mask R-CNN needs just these two, and torchvision has both. They are supplied where mmcv imports them from, as the module
``mmcv._ext``, so that mmcv's own classes (``NMSop``, ``RoIAlignFunction``, ``batched_nms``) run unchanged.
"""

import importlib
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NoReturn

import torch
import torchvision  # noqa: F401  (registers torch.ops.torchvision)
from torch import Tensor

from mmosis.compat.versions import installed_versions

EXTENSION = 'mmcv._ext'
MASKS = 'mmdet.structures.mask.structures'
AVERAGE = 1  # mmcv's number for pool_mode='avg'


def install() -> None:
    """Make ``mmcv._ext`` importable: the compiled one where it is there, else the stand-in.

    Raises:
        ImportError: If compiled ops are there but do not load, as after an update of torch.
    """
    if find_spec(EXTENSION) is None:
        stand_in = StandIn()
        sys.modules[EXTENSION] = stand_in
        sys.modules['mmcv']._ext = stand_in
        # The fork's mask structures hold an RoIAlign that only raises where they were imported before the stand-in.
        if MASKS in sys.modules:
            sys.modules[MASKS].roi_align = importlib.import_module('mmcv.ops.roi_align').roi_align
        return
    try:
        importlib.import_module(EXTENSION)
    except ImportError as error:
        raise ImportError(
            f'the compiled ops of mmcv do not load with torch {torch.__version__} ({error}): reinstall an mmcv that '
            'was built for this torch, or one without compiled ops (pip install onedl-mmcv, or mmcv-lite)'
        ) from error


def describe_ops() -> str:
    """Name the ops in use: ``'torchvision stand-in'`` or ``'compiled mmcv._ext'``."""
    return 'torchvision stand-in' if isinstance(sys.modules.get(EXTENSION), StandIn) else 'compiled mmcv._ext'


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Suppress boxes that overlap a higher-scoring one.

    Args:
        boxes: (N, 4), xyxy.
        scores: (N,).
        iou_threshold: Boxes above this IoU are suppressed.
        offset: 0, or 1 if a box of one pixel has x1 = x2; its width then is x2 - x1 + 1.

    Returns:
        Indices of the boxes kept, best score first.
    """
    dtype = _working_dtype(boxes, scores)
    boxes = boxes.to(dtype)
    if offset:
        boxes = torch.cat([boxes[:, :2], boxes[:, 2:] + offset], dim=1)
    return torch.ops.torchvision.nms(boxes, scores.to(dtype), iou_threshold)


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    *,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Average each region of a feature map into a grid; fills ``output``.

    Args:
        input: (B, C, H, W).
        rois: (R, 5): index into the batch, then xyxy.
        output: (R, C, aligned_height, aligned_width), written.
        argmax_y: Used by max pooling only.
        argmax_x: Used by max pooling only.
        aligned_height: Rows of the grid.
        aligned_width: Columns of the grid.
        spatial_scale: Feature pixels per box pixel.
        sampling_ratio: Samples per grid cell and axis; 0: as many as the cell has pixels.
        pool_mode: 1 (average).
        aligned: Whether pixel centres are at .5.

    Raises:
        NotImplementedError: If max pooling is asked for.
    """
    _require_average(pool_mode)
    dtype = _working_dtype(input, rois)
    pooled = torch.ops.torchvision.roi_align(
        _channels_first(input.to(dtype)),
        rois.to(dtype),
        spatial_scale,
        aligned_height,
        aligned_width,
        sampling_ratio,
        aligned,
    )
    output.copy_(pooled)


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    *,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Spread the gradient of each grid over the feature map; fills ``grad_input``.

    Args:
        grad_output: (R, C, aligned_height, aligned_width).
        grad_input: (B, C, H, W), written.

    The others are those of :func:`roi_align_forward`.

    Raises:
        NotImplementedError: If max pooling is asked for.
    """
    _require_average(pool_mode)
    dtype = _working_dtype(grad_output, rois)
    grad = torch.ops.torchvision._roi_align_backward(
        grad_output.to(dtype),
        rois.to(dtype),
        spatial_scale,
        aligned_height,
        aligned_width,
        *grad_input.shape,
        sampling_ratio,
        aligned,
    )
    grad_input.copy_(grad)


class StandIn(ModuleType):
    """The module that takes the place of ``mmcv._ext``.

    mmcv asks at import for every op it knows, so every name is found; an op that is not supplied raises when called.
    """

    def __init__(self) -> None:
        super().__init__(EXTENSION, 'NMS and RoIAlign from torchvision, in place of the compiled ops of mmcv.')
        self.__spec__ = ModuleSpec(EXTENSION, loader=None, origin=__name__)
        self.nms = nms
        self.roi_align_forward = roi_align_forward
        self.roi_align_backward = roi_align_backward
        self.get_compiler_version = self.get_compiling_cuda_version = lambda: 'n/a (torchvision stand-in)'

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('__'):
            raise AttributeError(f'module {EXTENSION!r} has no attribute {name!r}')

        def missing_op(*args: Any, **kwargs: Any) -> NoReturn:
            raise NotImplementedError(
                f'the op {name!r} needs the compiled ops of mmcv, and this mmcv has none: compile them for your torch '
                f'({_compile_command()}), or use a model that needs only NMS and RoIAlign'
            )

        return missing_op


def _compile_command() -> str:
    if 'onedl-mmcv' in installed_versions():
        return 'pip install --force-reinstall --no-deps --no-build-isolation --no-binary onedl-mmcv onedl-mmcv'
    return "pip uninstall -y mmcv-lite; MMCV_WITH_OPS=1 pip install --no-build-isolation --no-binary mmcv 'mmcv<2.2.0'"


def _working_dtype(first: Tensor, second: Tensor) -> torch.dtype:
    """float32 for half precisions, which torchvision has only in part (no bfloat16 on CPU); float64 stays."""
    return torch.promote_types(torch.promote_types(first.dtype, second.dtype), torch.float32)


def _channels_first(maps: Tensor) -> Tensor:
    """Lay channels-last maps (B, C, H, W) out as torchvision takes them, as matrices, which torch copies faster."""
    if maps.device.type != 'cpu' or maps.is_contiguous() or not maps.is_contiguous(memory_format=torch.channels_last):
        return maps
    matrices = torch.empty(maps.shape, dtype=maps.dtype)
    for to, image in zip(matrices, maps, strict=True):
        to.flatten(1).copy_(image.flatten(1))
    return matrices


def _require_average(pool_mode: int) -> None:
    if pool_mode != AVERAGE:
        raise NotImplementedError(
            "RoIAlign with pool_mode='max' needs the compiled ops of mmcv, and this mmcv has none: use pool_mode='avg'"
        )
