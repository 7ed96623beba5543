"""Small detectors of every type, to be exported."""

from pathlib import Path

import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmosis.search import OneShotInferencer

ROOT = Path(__file__).parents[1]
POCKET = 'pocket/siamese_mask_rcnn_pocket'
PUBLISHED = 'published/siamese_mask_rcnn_published'
MATCHERS = ('co_excitation', 'cross_attention', 'hierarchical', 'metric', 'mutual', 'translation')
SMALL = (
    POCKET,
    'siamese_mask_rcnn_s1',
    'reuse/siamese_faster_rcnn_s1',
    'reuse/siamese_cascade_mask_rcnn_s1',
    'reuse/siamese_gfl_s1',
    *(f'matchers/{name}_demo' for name in MATCHERS),
    PUBLISHED,
)
CHANNELS = dict(
    depth=18, base_channels=8, out_channels=8, feat_channels=64, fc_out_channels=16, conv_out_channels=8, num_convs=1,
    stacked_convs=1, embed_channels=16,
)  # fmt: skip
NUM_BOXES = dict(nms_pre=60, max_per_img=20)


def make_inferencer(name: str, folder: Path, **rcnn_test_cfg) -> OneShotInferencer:
    """Build the detector of a config, shrunk, with random weights, the same ones always."""
    init_default_scope('mmdet')
    cfg = Config.fromfile(ROOT / 'configs' / f'{name}.py')
    _shrink(cfg.model)
    for settings in (cfg.model.test_cfg, *(part for part in cfg.model.test_cfg.values() if isinstance(part, dict))):
        settings.update({key: value for key, value in NUM_BOXES.items() if key in settings})
    cfg.model.test_cfg.get('rcnn', {}).update(rcnn_test_cfg)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    # Pixels of up to 255 would make scores of 1.0, many of them, and equal scores come in any order.
    model.backbone.conv1.weight.data /= 50
    if name == PUBLISHED:
        # What is rather none than a match is filtered.
        model.roi_head.bbox_head.fc_cls.bias.data += torch.tensor([2.0, 0.0])
    weights = folder / 'weights.pth'
    torch.save(dict(state_dict=model.state_dict()), weights)
    return OneShotInferencer(cfg, str(weights), device='cpu', channels_last=False)


def _shrink(part: dict) -> None:
    part.pop('init_cfg', None)
    part.update({key: value for key, value in CHANNELS.items() if key in part})
    if part.get('type') in ('ResNet', 'PublishedResNet'):
        part.update(depth=18, base_channels=8)
    if 'in_channels' in part:
        # The four maps of the backbone, or the pyramid.
        part['in_channels'] = [8, 16, 32, 64] if isinstance(part['in_channels'], list) else 8
    for value in part.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict):
                _shrink(each)
