"""Every config builds, trains a step and tests; split files differ in their split alone."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner

from mmosis.synthetic import SceneConfig, make_scenes

ROOT = Path(__file__).parents[1]
CONFIGS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob('configs/**/*.py') if '_base_' not in path.parts)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
SHRUNK = {'Resize': dict(scale=(96, 96)), 'Pad': dict(size=(96, 96)), 'ResizeReference': dict(size=64)}


@pytest.fixture(scope='module')
def scenes(tmp_path_factory) -> Path:
    """Small scenes, enough of them that every category can give references."""
    root = tmp_path_factory.mktemp('scenes')
    make_scenes(root, num_images=80, seed=0, image_size=64)
    return root


def load(name: str, scenes: Path, work_dir: Path) -> Config:
    """Load a config and shrink it: small images, few proposals, no pre-trained weights, one step."""
    cfg = Config.fromfile(ROOT / name)
    for loader in (cfg[name] for name in LOADERS if name in cfg):
        loader.update(batch_size=1, num_workers=0, persistent_workers=False)
        dataset = loader.dataset
        dataset.update(data_root=str(scenes), ann_file='annotations.json', data_prefix=dict(img='images'))
        if 'num_held_back' in dataset:
            dataset.num_held_back = 40
        for transform in (*dataset.pipeline, *dataset.ref_pipeline):
            transform.update(SHRUNK.get(transform.type, {}))
        if dataset.get('test_mode'):
            dataset.indices = 1
    cfg.model.backbone.init_cfg = None
    cfg.model.train_cfg.rpn_proposal.max_per_img = cfg.model.test_cfg.rpn.max_per_img = 20
    cfg.train_cfg.max_iters = 1
    cfg.default_hooks.checkpoint = None
    cfg.work_dir = str(work_dir)
    return cfg


@pytest.mark.parametrize('name', CONFIGS)
def test_config_trains_and_tests(name: str, scenes: Path, tmp_path: Path) -> None:
    runner = Runner.from_cfg(load(name, scenes, tmp_path))
    before = {key: value.clone() for key, value in runner.model.rpn_head.state_dict().items()}
    runner.train()
    after = runner.model.rpn_head.state_dict()
    assert any(not torch.equal(before[key], after[key]) for key in before)
    metrics = runner.test()
    phase = runner.test_dataloader.dataset.phase
    assert 0 <= metrics[f'{phase}/bbox_mAP_50'] <= 1
    assert f'{phase}/segm_mAP_50' in metrics


def differences(a: ConfigDict, b: ConfigDict, path: str = '') -> set[str]:
    """List where two configs differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = set(a) | set(b)
        return set().union(*(differences(a.get(key), b.get(key), f'{path}.{key}') for key in keys))
    return set() if a == b else {path.lstrip('.')}


@pytest.mark.parametrize('split', [2, 3, 4])
def test_split_files_differ_in_the_split_alone(split: int) -> None:
    first, other = (Config.fromfile(ROOT / f'configs/siamese_mask_rcnn_s{s}.py')._cfg_dict for s in (1, split))
    assert differences(first, other) == {'split', *(f'{loader}.dataset.split' for loader in LOADERS)}
    assert all(other[loader].dataset.split == split for loader in LOADERS)


def test_full_config_trains_on_all_categories_for_320k() -> None:
    cfg = Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_full.py')
    assert {cfg[f'{part}_dataloader'].dataset.phase for part in ('train', 'val', 'test')} == {'all'}
    assert cfg.train_cfg.max_iters == 320000
    assert cfg.param_scheduler[0].milestones == [240000]


def test_demo_states_the_difficulty_of_the_fixed_test_set() -> None:
    cfg = Config.fromfile(ROOT / 'configs/demo/siamese_mask_rcnn_demo_s1.py')
    assert SceneConfig(**cfg.difficulty) == SceneConfig()
    assert (cfg.scenes.test.num_images, cfg.scenes.test.seed) == (300, 1)
    assert cfg.scenes.train.seed != cfg.scenes.test.seed


def test_missing_backbone_names_the_remedies(scenes: Path, tmp_path: Path) -> None:
    cfg = load('configs/siamese_mask_rcnn_s1.py', scenes, tmp_path)
    cfg.model.backbone.init_cfg = Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_s1.py').model.backbone.init_cfg
    cfg.model.backbone.init_cfg.checkpoint = str(tmp_path / 'resnet50_imagenet687.pth')
    with pytest.raises(
        FileNotFoundError, match=r'resnet50_imagenet687.pth is missing.*siamese_mask_rcnn_s1_imagenet1k.py'
    ):
        Runner.from_cfg(cfg).train()
