"""Print how good masks can be at several resolutions of the mask head: true boxes and masks, sampled and pasted."""

import argparse
from collections.abc import Sequence

import numpy as np
import torch
from pycocotools.coco import COCO
from terminaltables import AsciiTable
from torch import Tensor

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmdet.models.roi_heads.mask_heads import FCNMaskHead
    from mmdet.structures.mask import BitmapMasks, mask_target
    from mmengine.config import ConfigDict
    from mmengine.structures import InstanceData

    from mmosis.evaluation import is_ignored
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.tool import run_tool


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
            pasted = _paste(BitmapMasks(masks, *masks.shape[1:]), bboxes, mask_size, image_scale)
            ious.append((masks & pasted).sum((1, 2)) / (masks | pasted).sum((1, 2)))
    if not ious:
        raise ValueError(f'none of the {len(img_ids)} images has an object to measure')
    return np.concatenate(ious)


def _paste(masks: BitmapMasks, bboxes: Tensor, mask_size: int, image_scale: tuple[int, int] | None) -> np.ndarray:
    """Make targets of masks, and paste them back: (N, H, W) bool."""
    scaled = masks.rescale(image_scale) if image_scale else masks
    factor = (scaled.width / masks.width, scaled.height / masks.height)
    instances = InstanceData(bboxes=bboxes * bboxes.new_tensor(factor * 2), labels=torch.zeros(len(bboxes)).long())
    cfg = ConfigDict(mask_size=mask_size, mask_thr_binary=0.5)
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('ann_file', help='annotation file in COCO format')
    parser.add_argument('--mask-sizes', type=int, nargs='+', default=[14, 28, 56], help='sides of the output')
    parser.add_argument(
        '--image-scale', type=int, nargs=2, help="width and height of the network's input; default: the images' own"
    )
    args = parser.parse_args()
    coco = load_coco(args.ann_file)
    rows = [['mask size', 'mean IoU (%)', 'IoU >= 0.5 (%)']]
    for mask_size in args.mask_sizes:
        scale = tuple(args.image_scale) if args.image_scale else None
        ious = oracle_mask_ious(coco, mask_size, list(coco.imgs), scale)
        rows.append([mask_size, f'{100 * ious.mean():.1f}', f'{100 * (ious >= 0.5).mean():.1f}'])
    print(AsciiTable(rows, f'{len(ious)} objects').table)


if __name__ == '__main__':
    run_tool(main)
