"""How good masks can be at a resolution of the mask head."""

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.structures.mask import BitmapMasks, mask_target
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from pycocotools.coco import COCO
from torch import Tensor

from .truth import is_ignored

_THRESHOLD = 0.5


def oracle_mask_ious(
    coco: COCO, mask_size: int, img_ids: Sequence[int], image_scale: tuple[int, int] | None = None
) -> np.ndarray:
    """Measure masks that a mask head would give if it and the box were always right.

    Each true mask is made a training target in its true box, at the network's input scale, and this target is pasted
    back into the original image as a prediction is: both by mmdet. So what is lost is lost by the resolution alone. It
    is what the head is trained for, not a strict upper bound: soft values can lie better than the binary target.

    Args:
        coco: Annotations, with masks.
        mask_size: Side of the mask head's output.
        img_ids: Images to measure in; objects that are ignored where masks are judged, see :func:`is_ignored`, are not
            measured.
        image_scale: Largest (width, height) of the network's input, as in the transform ``Resize`` with
            ``keep_ratio``; by default the images' own.

    Returns:
        np.ndarray: IoU of each mask with the true one, original image, (N,), 0 to 1.

    Raises:
        ValueError: If the mask size is not positive or nothing is left to measure.
    """
    if mask_size < 1:
        raise ValueError(f'mask_size must be at least 1, got {mask_size}')
    ious = []
    for img_id in img_ids:
        annotations = [a for a in coco.imgToAnns[img_id] if not is_ignored(coco, a, 'segm')]
        if annotations:
            masks = np.stack([coco.annToMask(annotation) for annotation in annotations])
            bboxes = torch.tensor([annotation['bbox'] for annotation in annotations], dtype=torch.float32)
            bboxes[:, 2:] += bboxes[:, :2]
            ious.append(_ious(masks > 0, _paste(BitmapMasks(masks, *masks.shape[1:]), bboxes, mask_size, image_scale)))
    if not ious:
        raise ValueError(f'none of the {len(img_ids)} images has an object to measure')
    return np.concatenate(ious)


def _paste(masks: BitmapMasks, bboxes: Tensor, mask_size: int, image_scale: tuple[int, int] | None) -> np.ndarray:
    """Make targets of masks, and paste them back: (N, H, W) bool."""
    scaled = masks.rescale(image_scale) if image_scale else masks
    factor = (scaled.width / masks.width, scaled.height / masks.height)
    instances = InstanceData(bboxes=bboxes * bboxes.new_tensor(factor * 2), labels=torch.zeros(len(bboxes)).long())
    cfg = ConfigDict(mask_size=mask_size, mask_thr_binary=_THRESHOLD)
    targets = mask_target([instances.bboxes], [torch.arange(len(bboxes))], [scaled], cfg)
    head = FCNMaskHead(num_convs=0, in_channels=1, conv_out_channels=1, num_classes=1, class_agnostic=True)
    head.predict_by_feat(
        [targets[:, None].numpy()],
        [instances],
        [dict(ori_shape=(masks.height, masks.width), scale_factor=factor)],
        cfg,
        rescale=True,
        activate_map=True,
    )
    return instances.masks.numpy()


def _ious(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return (first & second).sum((1, 2)) / (first | second).sum((1, 2))
