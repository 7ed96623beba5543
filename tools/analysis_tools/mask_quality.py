"""Print how good a model's masks are in true boxes and in those that it detects: is it the mask head or the boxes?"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from terminaltables import AsciiTable
from torch import nn

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmengine.config import Config
    from mmengine.structures import InstanceData

    from analysis.mask_overlaps import MaskOverlaps
    from mmosis.engine import StrictRunner
    from mmosis.evaluation import is_ignored
    from mmosis.structures import Episode
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.launch import add_config_arguments, load_config
    from mmosis.utils.tool import run_tool

BOXES = ('true boxes', 'detected boxes')


def measure_masks(cfg: Config, checkpoint: str, iou_thr: float = 0.5) -> dict[str, MaskOverlaps]:
    """Compare a two-stage model's masks with the truth: once in the true boxes, once in those that it detects.

    What is lost in true boxes is lost by the mask head and its features; what is lost beyond that, by inaccurate boxes.

    Args:
        cfg: Config of the model; its test data set is searched.
        checkpoint: File of the model.
        iou_thr: A detection belongs to the object that its box overlaps most, from this IoU up.

    Returns:
        dict: For 'true boxes' and 'detected boxes' the overlaps of masks with the true ones: one for each object that
        was searched for and has a mask, and one for each of those that were found.
    """
    cfg.load_from = checkpoint
    runner = StrictRunner.from_cfg(cfg)
    runner.load_or_resume()
    info = runner.test_dataloader.dataset.metainfo
    coco = load_coco(info['ann_file'], info['img_dir'])
    overlaps: dict[str, list[MaskOverlaps]] = {name: [] for name in BOXES}
    for data in runner.test_dataloader:
        for name, found in _measure_batch(runner.model.eval(), data, coco, iou_thr):
            overlaps[name].append(found)
    return {name: MaskOverlaps.cat(parts) for name, parts in overlaps.items()}


@torch.no_grad()
def _measure_batch(model: nn.Module, data: dict, coco: COCO, iou_thr: float) -> Iterator[tuple[str, MaskOverlaps]]:
    data = model.data_preprocessor(data)
    feats = model.encode_images(data['inputs'])
    for i, (sample, ref_inputs) in enumerate(zip(data['data_samples'], data['ref_inputs'], strict=True)):
        image = [feat[i : i + 1] for feat in feats]
        references = model.encode_references(ref_inputs)
        detections = model.match_and_detect(image, references, sample)
        for e, episode in enumerate(sample.episodes):
            truth = [a for a in coco.imgToAnns[sample.img_id] if _is_measured(coco, a, episode)]
            if not truth:
                continue
            true_masks, bboxes = [coco.annToRLE(a) for a in truth], [a['bbox'] for a in truth]
            matched = model.match_neck(image, references[e : e + 1])
            yield BOXES[0], MaskOverlaps.of(_masks_in(model, matched, bboxes, sample.metainfo), true_masks)
            found = detections[detections.episode_ids == e]
            yield BOXES[1], _found_overlaps(found, bboxes, true_masks, iou_thr)


def _is_measured(coco: COCO, annotation: dict, episode: Episode) -> bool:
    return annotation['category_id'] == episode.cat_id and not is_ignored(coco, annotation, 'segm')


def _masks_in(model: nn.Module, matched: tuple, bboxes: list, meta: dict) -> list[dict]:
    """Predict masks in boxes xywh, original image."""
    corners = matched[0].new_tensor(bboxes)
    corners[:, 2:] += corners[:, :2]
    corners *= corners.new_tensor(meta['scale_factor'] * 2)
    instances = InstanceData(bboxes=corners, labels=corners.new_zeros(len(corners), dtype=torch.long))
    (result,) = model.roi_head.predict_mask(matched, [meta], [instances], rescale=True)
    return list(result.masks)


def _found_overlaps(found: InstanceData, bboxes: list, true_masks: list[dict], iou_thr: float) -> MaskOverlaps:
    """Overlaps of the detection that is nearest to each object by its box, where one is near enough."""
    if not len(found):
        return MaskOverlaps.of([], [])
    boxes = found.bboxes.cpu().double().numpy()
    boxes[:, 2:] -= boxes[:, :2]
    ious = mask_utils.iou(boxes, np.array(bboxes, dtype=float), [0] * len(bboxes))
    near = np.flatnonzero(ious.max(axis=0) >= iou_thr)
    masks = list(found.masks)
    return MaskOverlaps.of([masks[row] for row in ious.argmax(axis=0)[near]], [true_masks[column] for column in near])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    args = parser.parse_args()
    rows = []
    for name, (ious, boundary_ious) in measure_masks(load_config(args), args.checkpoint).items():
        means = (ious.mean(), (ious >= 0.5).mean(), boundary_ious.mean()) if len(ious) else ()
        rows.append([name, str(len(ious)), *([f'{100 * mean:.1f}' for mean in means] or 3 * ['-'])])
    header = ['masks in', 'objects', 'mean IoU (%)', 'IoU >= 0.5 (%)', 'mean boundary IoU (%)']
    print(AsciiTable([header, *rows]).table)


if __name__ == '__main__':
    run_tool(main)
