"""Detectors with random weights and batches of noise: what they find means nothing, how long they take does."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmosis.models import SiameseMixin
from mmosis.search import OneShotInferencer
from mmosis.utils.config_file import read_config
from mmosis.utils.rng import generator, seeded


def build_detector(cfg: Config, device: str) -> nn.Module:
    """Build a detector with random weights, always the same."""
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    with seeded(0, 'weights'):
        return MODELS.build(cfg.model).to(device)


def load_detector(config: str, device: str) -> tuple[str, Config, nn.Module]:
    """Build the detector of a config file: its name, its config and itself.

    A detector without references gets one class: with more, random weights would give a box of each class a region, and
    its work could not be compared with a siamese detector's.
    """
    cfg = read_config(config, needs=['model'])
    if 'match_neck' not in cfg.model:
        for head in ('bbox_head', 'mask_head'):
            cfg.model.roi_head[head].num_classes = 1
    return Path(config).stem, cfg, build_detector(cfg, device)


def make_random_inferencer(cfg: Config, **options: Any) -> OneShotInferencer:
    """Make an inferencer with random weights, always the same, which go through a file as others do.

    Args:
        cfg: Config of a detector.
        **options: ``OneShotInferencer``'s.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'weights.pth')
        torch.save(dict(state_dict=build_detector(cfg, 'cpu').state_dict()), path)
        return OneShotInferencer(cfg, str(path), show_progress=False, **options)


def make_batch(
    model: nn.Module, batch_size: int, image_size: int, ref_size: int, num_references: int = 1, num_instances: int = 4
) -> dict:
    """Make a batch as a loader gives it, for training and testing.

    Args:
        model: References are made for those who take them.
        batch_size: Images.
        image_size: Side of the images.
        ref_size: Side of the references.
        num_references: Of each image, in testing.
        num_instances: Objects of each image.
    """
    rng = generator(0, 'pixels')
    pixels = rng.integers(0, 256, (batch_size, 3, image_size, image_size), dtype='uint8')
    batch = dict(
        inputs=list(torch.from_numpy(pixels)),
        data_samples=[_make_sample(index, image_size, num_instances) for index in range(batch_size)],
    )
    if isinstance(model, SiameseMixin):
        batch['ref_inputs'] = [make_references(num_references, ref_size) for _ in range(batch_size)]
    return batch


def make_references(number: int, size: int) -> Tensor:
    """Make references (E, 1, 3, h, w)."""
    return torch.from_numpy(generator(0, 'references').integers(0, 256, (number, 1, 3, size, size), dtype='uint8'))


def _make_sample(index: int, size: int, num_instances: int) -> DetDataSample:
    rng, shape = generator(0, 'benchmark', index), (size, size)
    low = rng.uniform(0, size / 2, (num_instances, 2))
    boxes = torch.tensor([(x, y, x + size / 3, y + size / 3) for x, y in low], dtype=torch.float32)
    masks = rng.integers(0, 2, (num_instances, *shape), dtype='uint8')
    sample = DetDataSample(metainfo=dict(img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0)))
    sample.gt_instances = InstanceData(
        metainfo=dict(draw=(0, index)),
        bboxes=boxes,
        labels=torch.zeros(num_instances, dtype=torch.long),
        masks=BitmapMasks(masks, *shape),
    )
    sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
    return sample
