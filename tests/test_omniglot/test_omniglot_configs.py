from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config

CONFIGS = Path(__file__).parents[2] / 'configs' / 'omniglot'
NAMES = sorted(path.stem for path in CONFIGS.glob('*.py'))


def _load(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


@pytest.mark.parametrize('name', NAMES)
def test_categories_come_from_the_folder_and_nothing_is_mirrored(name):
    cfg = _load(name)
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        assert loader.dataset.data_root == cfg.data_root
        assert loader.dataset.split is None
        assert (loader.dataset.background_classes, loader.dataset.one_shot_classes) == (
            'background.txt',
            'one_shot.txt',
        )
        assert 'RandomFlip' not in [transform.type for transform in loader.dataset.pipeline]
    assert (cfg.train_dataloader.dataset.phase, cfg.test_dataloader.dataset.phase) == ('background', 'one-shot')


def _without_folder(cfg):
    return str(cfg.to_dict()).replace(cfg.data_root, 'FOLDER')


def test_categories_differ_in_the_folder_alone():
    names = [name for name in NAMES if not name.endswith(('mask56', 'deep_mask'))]
    assert len({_load(name).data_root for name in names}) == len(names) == 4
    assert len({_without_folder(_load(name)) for name in names}) == 1


@pytest.mark.parametrize(
    ('name', 'size'), [('siamese_mask_rcnn_omniglot', 28), ('siamese_mask_rcnn_omniglot_mask56', 56)]
)
def test_the_mask_head_gives_masks_of_the_targets_size(name, size):
    cfg = _load(name).model
    roi_head = MODELS.build(dict(cfg.roi_head, train_cfg=cfg.train_cfg.rcnn, test_cfg=cfg.test_cfg.rcnn))
    features = [torch.zeros(1, 64, 160 // stride, 160 // stride) for stride in (4, 8, 16, 32)]
    rois = torch.tensor([[0.0, 10, 10, 50, 60]])
    masks = roi_head._mask_forward(features, rois)['mask_preds']
    assert masks.shape[-2:] == (size, size)
    assert cfg.train_cfg.rcnn.mask_size == size
