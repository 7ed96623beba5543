from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config

CONFIGS = Path(__file__).parents[4] / 'configs' / 'omniglot'
NAMES = sorted(path.stem for path in CONFIGS.glob('*.py'))


def _load(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


LISTED = [name for name in NAMES if name.endswith(('bg', 'alphabets'))]
SPLITS = {'siamese_mask_rcnn_omniglot': 1} | {f'siamese_mask_rcnn_omniglot_s{n}': n for n in (2, 3, 4)}


@pytest.mark.parametrize('name', NAMES)
def test_data_come_from_the_folder_and_nothing_is_mirrored(name):
    cfg = _load(name)
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        assert loader.dataset.data_root == cfg.data_root
        assert 'RandomFlip' not in [transform.type for transform in loader.dataset.pipeline]
    assert (cfg.train_dataloader.dataset.phase, cfg.test_dataloader.dataset.phase) == ('background', 'one-shot')


@pytest.mark.parametrize('name', NAMES)
def test_a_fourth_is_held_out_or_what_the_folder_lists(name):
    cfg = _load(name)
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        given = tuple(loader.dataset.get(key) for key in ('split', 'background_classes', 'one_shot_classes'))
        listed = (None, 'background.txt', 'one_shot.txt')
        assert given == (listed if name in LISTED else (SPLITS.get(name, 1), None, None))


def _without_folder_and_split(cfg):
    text = str(cfg.to_dict()).replace(cfg.data_root, 'FOLDER')
    return text.replace(f"'split': {cfg.test_dataloader.dataset.split}", "'split': N")


@pytest.mark.parametrize('names', [LISTED, list(SPLITS)])
def test_nothing_else_differs(names):
    assert len({_load(name).data_root for name in names}) == len(names)
    assert len({_without_folder_and_split(_load(name)) for name in names}) == 1


@pytest.mark.parametrize(
    ('name', 'size'),
    [
        ('siamese_mask_rcnn_omniglot', 28),
        ('siamese_mask_rcnn_omniglot_deep_mask', 28),
        ('siamese_mask_rcnn_omniglot_deep_mask', 56),
    ],
)
def test_the_mask_head_gives_masks_of_the_targets_size(name, size):
    cfg = _load(name).model
    cfg.roi_head.mask_roi_extractor.roi_layer.output_size = size // 2
    cfg.train_cfg.rcnn.mask_size = size
    roi_head = MODELS.build(dict(cfg.roi_head, train_cfg=cfg.train_cfg.rcnn, test_cfg=cfg.test_cfg.rcnn))
    features = [torch.zeros(1, 64, 160 // stride, 160 // stride) for stride in (4, 8, 16, 32)]
    rois = torch.tensor([[0.0, 10, 10, 50, 60]])
    masks = roi_head._mask_forward(features, rois)['mask_preds']
    assert masks.shape[-2:] == (size, size)
    assert cfg.train_cfg.rcnn.mask_size == size
