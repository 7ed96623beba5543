"""Run the example of docs/data_flow.md and keep what it makes on its way."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.datasets import CocoDataset
from mmdet.registry import METRICS, MODELS
from mmdet.structures import DetDataSample
from mmdet.utils import InstanceList
from mmengine.config import Config
from mmengine.runner import Runner
from pages import ROOT
from torch import nn

import mmosis.datasets.episode_lists as episodes_module
import mmosis.datasets.one_shot_coco as dataset_module
import mmosis.models.task_modules.episode_random_sampler as sampler_module
from mmosis.datasets import OneShotCocoDataset
from mmosis.evaluation.functional import coco_ap
from mmosis.evaluation.metrics.one_shot_coco_metric import to_dump
from mmosis.utils.rng import generator, seeded

SEARCHED = 101
# COCO numbers its 80 categories from 1 to 90.
UNUSED_IDS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
# As many regions as in the paper, but hardly any channels: those of the whole model are computed without data.
THIN = dict(
    backbone=dict(base_channels=4, init_cfg=None),
    neck=dict(in_channels=[16, 32, 64, 128], out_channels=8),
    match_neck=dict(in_channels=8, out_channels=8),
    rpn_head=dict(in_channels=8, feat_channels=8),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=8),
        bbox_head=dict(in_channels=8, fc_out_channels=8),
        mask_roi_extractor=dict(out_channels=8),
        mask_head=dict(in_channels=8, conv_out_channels=8),
    ),
)


@dataclass
class Flow:
    """What the example makes.

    Attributes:
        tables: Tensors and masks, by heading and row of the page.
        samples: The sample of the searched image in training and, with its detections, in testing.
        numbers: Regions, and positive ones, of a training batch.
        matching: Images, references and matched pyramids in the test.
        keys: (seed, keys) of all draws.
        dataset, losses, results, metrics, precision: Objects of these names.
    """

    tables: dict[str, dict] = field(default_factory=dict)
    samples: dict[str, DetDataSample] = field(default_factory=dict)
    numbers: tuple[int, ...] = ()
    matching: tuple[int, ...] = ()
    keys: list[tuple] = field(default_factory=list)
    dataset: OneShotCocoDataset | None = None
    losses: dict = field(default_factory=dict)
    results: list[dict] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    precision: np.ndarray | None = None


def write_example(data: dict, folder: Path) -> None:
    """Write an annotation file with COCO's categories and with masks, and pictures of random blocks."""
    for annotation in data['annotations']:
        x, y, width, height = annotation['bbox']
        annotation['segmentation'] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    ids = [cat_id for cat_id in range(1, 91) if cat_id not in UNUSED_IDS]
    names = CocoDataset.METAINFO['classes']
    data['categories'] = [dict(id=cat_id, name=name) for cat_id, name in zip(ids, names, strict=True)]
    (folder / 'annotations.json').write_text(json.dumps(data))
    for image in data['images']:
        blocks = generator(0, image['id']).integers(0, 2, (image['height'] // 16, image['width'] // 16, 3))
        pixels = 255 * blocks.repeat(16, axis=0).repeat(16, axis=1)
        cv2.imwrite(str(folder / image['file_name']), pixels.astype(np.uint8))


def load(name: str) -> Config:
    """Load a config, without weights of the backbone."""
    cfg = Config.fromfile(ROOT / 'configs' / name)
    cfg.model.backbone.init_cfg = None
    return cfg


def run_example(folder: Path) -> Flow:
    """Train the paper's S1 model with few channels on the example's first batch, and test it on its first image."""
    cfg = load('siamese_mask_rcnn_s1.py')
    cfg.merge_from_dict(dict(model=THIN))
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        loader.update(num_workers=0, persistent_workers=False)
        loader.dataset.update(data_root=str(folder), ann_file='annotations.json', data_prefix=dict(img=''))
        loader.dataset.num_held_back = 0
    flow = Flow()
    with pytest.MonkeyPatch.context() as patch, torch.no_grad(), seeded(0, 'weights'):
        _note_draws(flow, patch)
        _train(cfg, flow)
        _test(cfg, flow, patch)
    return flow


def _note_draws(flow: Flow, patch: pytest.MonkeyPatch) -> None:
    def noting(function: Callable) -> Callable:
        def call(*key):
            flow.keys.append(key)
            return function(*key)

        return call

    for module in (dataset_module, episodes_module):
        patch.setattr(module, 'generator', noting(generator))
    for module in (dataset_module, sampler_module):
        patch.setattr(module, 'seeded', noting(seeded))


def _build(cfg: Config) -> tuple[nn.Module, dict]:
    """Build the model; it notes its first proposals and regions."""
    model = MODELS.build(cfg.model)
    model.init_weights()
    seen = {}
    propose = model.rpn_head.predict_by_feat

    def predict_by_feat(*args, **kwargs) -> InstanceList:
        results = propose(*args, **kwargs)
        seen['proposals'] = results[0].bboxes.clone()
        return results

    model.rpn_head.predict_by_feat = predict_by_feat
    for name in ('bbox_roi_extractor', 'mask_roi_extractor'):
        part = getattr(model.roi_head, name)
        part.register_forward_pre_hook(lambda _, inputs, name=name: seen.update({name: inputs[1]}))
    model.match_neck.register_forward_hook(
        lambda _, inputs, matched: seen.update(matching=(len(inputs[0][0]), len(inputs[1]), len(matched[0])))
    )
    return model, seen


def _train(cfg: Config, flow: Flow) -> None:
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    batch = next(iter(loader))
    # The first two draws are the two images, in any order.
    (index,) = (i for i, sample in enumerate(batch['data_samples'][:2]) if sample.img_id == SEARCHED)
    sample = batch['data_samples'][index]
    truth = sample.gt_instances.clone()
    flow.dataset, flow.samples['training'] = loader.dataset, sample
    model, seen = _build(cfg)
    data = model.data_preprocessor(batch, training=True)
    flow.tables['Training: the sample and the batch'] = {
        '`inputs` of the sample': batch['inputs'][index],
        '`ref_inputs` of the sample': batch['ref_inputs'][index],
        '`gt_instances.bboxes`': truth.bboxes.tensor,
        '`gt_instances.labels`': truth.labels,
        '`gt_instances.masks`': truth.masks.masks,
        '`inputs` of the batch': data['inputs'],
        '`ref_inputs` of the batch': data['ref_inputs'],
    }
    flow.losses = model(**data, mode='loss')
    regions, positive = seen['bbox_roi_extractor'], seen['mask_roi_extractor']
    flow.numbers = len(regions), len(positive)
    flow.tables['Training: the regions'] = {
        'proposals of an image': seen['proposals'],
        'regions: image number, box': regions,
    }


def _test(cfg: Config, flow: Flow, patch: pytest.MonkeyPatch) -> None:
    loader = Runner.build_dataloader(cfg.test_dataloader)
    batch = next(iter(loader))
    model, seen = _build(cfg)
    data = model.eval().data_preprocessor(batch)
    flow.tables['Testing: the sample and the batch'] = {
        '`inputs` of the sample': batch['inputs'][0],
        '`ref_inputs` of the sample': batch['ref_inputs'][0],
        '`inputs` of the batch': data['inputs'],
        '`ref_inputs` of the batch, a list: first image': data['ref_inputs'][0],
    }
    (flow.samples['testing'],) = samples = model(**data, mode='predict')
    found, flow.matching = samples[0].pred_instances, seen['matching']
    metric = METRICS.build(cfg.test_evaluator)
    metric.dataset_meta = loader.dataset.metainfo
    metric.process(batch, [sample.to_dict() for sample in samples])
    evaluations, evaluate = [], coco_ap._evaluate_category
    patch.setattr(coco_ap, '_evaluate_category', lambda *args: evaluations.append(evaluate(*args)) or evaluations[-1])
    flow.metrics = metric.compute_metrics(metric.results)
    (run,) = to_dump(metric.results, {}).runs
    flow.results = list(run.results())
    flow.precision = np.concatenate([one['precision'] for one in evaluations[-len(evaluations) // 2 :]], axis=2)
    flow.tables['Testing: the detections'] = {
        'proposals of an episode': seen['proposals'],
        **{f'`pred_instances.{name}`': value for name, value in found.items() if name != 'masks'},
        '`pred_instances.masks`': found.masks.numpy(),
        '`precision`: IoU, recall, category, area, detections': flow.precision,
    }


@torch.no_grad()
def compute_shapes(cfg: Config, num_images: int, num_regions: int, num_positive: int) -> dict:
    """Run a model of the paper's size on tensors without data; what it gives is named as in the page."""
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
        images, references = torch.zeros(num_images, 3, 1024, 1024), torch.zeros(num_images, 1, 3, 192, 192)
        steps = {'backbone, images (C2 to C5)': model.backbone(images), 'FPN, images': model.extract_feat(images)}
        matched = steps['FPN, images']
        if hasattr(model, 'match_neck'):
            encoded = model.encode_references(references)
            matched = model.match_neck(matched, encoded)
            steps['FPN, references'] = model.extract_feat(references.flatten(0, 1))
            steps['encoded references'] = encoded.tensors
        steps['matched'] = matched
        steps['RPN logits'], steps['RPN deltas'] = model.rpn_head(matched)
        sizes = [level.shape[-2:] for level in matched]
        steps['anchors of an image'] = model.rpn_head.prior_generator.grid_priors(sizes, device='meta')
        return steps | _compute_regions(model.roi_head, num_regions, num_positive)


def _compute_regions(head: nn.Module, num_regions: int, num_positive: int) -> dict:
    boxes, masks = (
        torch.zeros(number, extractor.out_channels, *extractor.roi_layers[0].output_size)
        for number, extractor in ((num_regions, head.bbox_roi_extractor), (num_positive, head.mask_roi_extractor))
    )
    scores, deltas = head.bbox_head(boxes)
    return {
        'box features': boxes,
        '`cls_score`: match, non-match': scores,
        '`bbox_pred`': deltas,
        'mask features': masks,
        'mask logits': head.mask_head(masks),
    }
