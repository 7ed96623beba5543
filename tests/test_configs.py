"""Every config builds, trains a step and tests."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmdet.models import ResNet
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.runner import Runner

from mmosis.structures import split_categories
from projects.scenes.synthetic import CATEGORIES, make_scenes

ROOT = Path(__file__).parents[1]
OTHERS = {'_base_', 'pretrain'}  # parts of configs; a classifier, which test_pretrain.py trains
# Of files that differ in the split alone, as test_config_differences.py shows, that of S1 is trained.
OTHER_SPLIT = re.compile(r'siamese_mask_rcnn_(demo_)?s[234](_5shot)?')
CONFIGS = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.glob('configs/**/*.py')
    if not OTHERS & set(path.parts) and not OTHER_SPLIT.fullmatch(path.stem)
)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
SHRUNK = {
    'Resize': dict(scale=(96, 96)),
    'Pad': dict(size=(96, 96)),
    'RandomResize': dict(scale=(96, 96)),
    'RandomCrop': dict(crop_size=(96, 96)),
    'ResizeReference': dict(size=64),
    'PublishedResize': dict(min_size=64, max_size=96),
    'PublishedReference': dict(image_sizes=(64, 96), ref_sizes=(48, 64)),
}


@pytest.fixture(autouse=True)
def _shallow_backbones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the stages of a ResNet one block each: the others of a stage are as its last one."""
    shallow = {depth: (block, (1, 1, 1, 1)) for depth, (block, _) in ResNet.arch_settings.items()}
    monkeypatch.setattr(ResNet, 'arch_settings', shallow)


@pytest.fixture(scope='module')
def scenes(tmp_path_factory) -> Path:
    """Small scenes, enough of them that every category can give references, and lists of split S1's categories."""
    root = tmp_path_factory.mktemp('scenes')
    make_scenes(root, num_images=40, seed=0, image_size=64)
    parts = split_categories([category.name for category in CATEGORIES], split=1)
    for file, names in zip(('background.txt', 'one_shot.txt'), parts, strict=True):
        (root / file).write_text('\n'.join(names))
    return root


def load(name: str, scenes: Path, work_dir: Path) -> Config:
    """Load a config and shrink it: small images, few proposals, no pre-trained weights, one step."""
    cfg = Config.fromfile(ROOT / name)
    for loader in (cfg[name] for name in LOADERS if cfg.get(name)):
        loader.update(batch_size=1, num_workers=0, persistent_workers=False)
        for dataset in loader.dataset.get('datasets', [loader.dataset]):  # a mixture has several
            shrink_dataset(dataset, scenes)
    drop_pretrained(cfg.model)
    if 'rpn_head' in cfg.model:
        cfg.model.train_cfg.rpn_proposal.max_per_img = cfg.model.test_cfg.rpn.max_per_img = 10
    cfg.train_cfg.max_iters = 1
    cfg.default_hooks.checkpoint = None
    cfg.work_dir = str(work_dir)
    return cfg


def shrink_dataset(dataset: dict, scenes: Path) -> None:
    """Let a dataset show the small scenes, at a small size."""
    dataset.update(data_root=str(scenes), ann_file='annotations.json', data_prefix=dict(img='images'))
    if isinstance(dataset.get('background_classes'), list):  # of COCO
        dataset.background_classes = 'background.txt'
    if 'num_held_back' in dataset:
        dataset.num_held_back = 20
    for transform in (*dataset.pipeline, *dataset.get('ref_pipeline', [])):
        transform.update(SHRUNK.get(transform.type, {}))
    if dataset.get('test_mode'):
        dataset.indices = 1


def drop_pretrained(part: dict) -> None:
    """Start every part of a model from random weights."""
    for key, value in part.items():
        if isinstance(value, dict) and 'Pretrained' in str(value.get('type')):
            part[key] = None
        elif isinstance(value, dict):
            drop_pretrained(value)


@pytest.mark.no_cover  # other tests cover what it runs
@pytest.mark.parametrize('name', CONFIGS)
def test_config_trains_and_tests(name: str, scenes: Path, tmp_path: Path) -> None:
    cfg = load(name, scenes, tmp_path)
    runner = Runner.from_cfg(cfg)
    dense_head = runner.model.rpn_head if 'rpn_head' in cfg.model else runner.model.bbox_head
    before = {key: value.clone() for key, value in dense_head.state_dict().items()}
    runner.train()
    after = dense_head.state_dict()
    assert any(not torch.equal(before[key], after[key]) for key in before)
    if cfg.test_cfg is None:
        return
    metrics = {key.partition('/')[2]: value for key, value in runner.test().items()}
    assert 0 <= metrics['bbox_mAP_50'] <= 1
    has_masks = cfg.model.get('roi_head', {}).get('mask_head') is not None
    assert ('segm_mAP_50' in metrics) == has_masks


def test_missing_backbone_names_the_remedies(scenes: Path, tmp_path: Path) -> None:
    cfg = load('configs/siamese_mask_rcnn_s1.py', scenes, tmp_path)
    cfg.model.backbone.init_cfg = Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_s1.py').model.backbone.init_cfg
    cfg.model.backbone.init_cfg.checkpoint = str(tmp_path / 'resnet50_imagenet687.pth')
    with pytest.raises(
        FileNotFoundError, match=r'resnet50_imagenet687.pth is missing.*siamese_mask_rcnn_s1_imagenet1k.py'
    ):
        Runner.from_cfg(cfg).train()


def test_the_papers_rule_of_references(tiny_coco: Callable) -> None:
    """Any image in training (section 5.1), another one in tests (5.2)."""
    cfg = Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_s1.py')
    files = dict(data_root=str(tiny_coco()), ann_file='annotations.json', data_prefix=dict(img='images/'))
    train = DATASETS.build(dict(cfg.train_dataloader.dataset, **files, num_held_back=0))
    draws = [train.draw_episodes(draw) for draw in range(200)]
    gave = [info['img_id'] == episode.references[0].img_id for info, (episode,) in draws]
    assert {True, False} == set(gave)
    test = DATASETS.build(dict(cfg.test_dataloader.dataset, **files, phase='all', runs=20))
    episodes = [
        (info['img_id'], e) for info in map(test.get_data_info, range(len(test))) for e in test.list_episodes(info)
    ]
    assert all(img_id != episode.references[0].img_id for img_id, episode in episodes)
