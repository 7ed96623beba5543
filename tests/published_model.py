"""The published model with weights that a rule makes, for the outputs in data/published_parity_256.npz."""

import json
import zlib
from pathlib import Path

import h5py
import numpy as np
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmosis.models import SiameseTwoStageDetector
from projects.published.keras_weights import convert_keras

DATA = Path(__file__).parent / 'data'
CONFIG = Path(__file__).parents[1] / 'configs/published/siamese_mask_rcnn_published.py'
MEAN = (123.7, 116.8, 103.9)
KERNEL_GAIN = {'rpn_class_raw': 0.25, 'rpn_bbox_pred': 0.1, 'mrcnn_class_logits': 0.5, 'mrcnn_bbox_fc': 0.1}


def tensor_table() -> list[tuple[str, str, str, list[int]]]:
    """Path in the file, layer, weight and shape of every tensor."""
    return [tuple(row) for row in json.loads((DATA / 'published_weights.json').read_text())]


def make_tensor(layer: str, weight: str, shape: list[int]) -> np.ndarray:
    """Make one tensor, float32 in Keras' layout; large ones take a while."""
    seed = zlib.crc32(f'{layer}/{weight}'.encode()) & 0x7FFFFFFF
    noise = np.random.RandomState(seed).standard_normal(shape)
    if weight == 'kernel':
        noise *= np.sqrt(2 / np.prod(shape[:-1])) * KERNEL_GAIN.get(layer, 1)
    elif weight == 'gamma':
        last_of_block = layer.startswith('bn') and layer[2].isdigit() and layer.endswith('branch2c')
        noise = (1 + 0.1 * noise) * (0.01 if layer == 'bn_conv1' else 0.2 if last_of_block else 1)
    elif weight == 'moving_variance':
        noise = 1 + 0.1 * np.abs(noise)
    else:
        noise *= 0.1 if weight == 'moving_mean' else 0.01
        if (layer, weight) == ('mrcnn_class_logits', 'bias'):
            noise += [0, 1.25]
    return noise.astype(np.float32)


def make_tensors() -> dict[str, np.ndarray]:
    """Make all tensors, ``layer/weight``: 53 million values."""
    return {f'{layer}/{weight}': make_tensor(layer, weight, shape) for _, layer, weight, shape in tensor_table()}


def write_h5(path: Path, tensors: dict[str, np.ndarray]) -> None:
    """Write tensors, those of a model or fewer, where Keras does."""
    groups = {f'{layer}/{weight}': group for group, layer, weight, _ in tensor_table()}
    with h5py.File(path, 'w') as file:
        for name, values in tensors.items():
            file[f'{groups[name]}/{name.split("/")[1]}:0'] = values


def build_model(tensors: dict[str, np.ndarray]) -> SiameseTwoStageDetector:
    """Build the detector with these weights, in evaluation mode."""
    init_default_scope('mmdet')
    cfg = Config.fromfile(CONFIG).model
    cfg.roi_head.mask_head.anti_aliasing = True  # the outputs are those of scikit-image 0.16.2
    model = MODELS.build(cfg).eval()
    model.load_state_dict(convert_keras(tensors))
    return model


def make_inputs() -> tuple[torch.Tensor, torch.Tensor]:
    """The image (1, 3, 256, 256) and the reference (1, 1, 3, 64, 64), centred noise."""
    rng = np.random.RandomState(0)
    image, reference = (
        (rng.uniform(0, 255, shape) - MEAN).astype(np.float32) for shape in ((1, 256, 256, 3), (1, 1, 64, 64, 3))
    )
    return torch.from_numpy(image).permute(0, 3, 1, 2), torch.from_numpy(reference).permute(0, 1, 4, 2, 3)
