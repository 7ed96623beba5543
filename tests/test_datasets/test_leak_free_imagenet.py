"""Pre-training on the classes of ImageNet that show nothing of COCO."""

import sys
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from tools_runner import run_processes

pytest.importorskip('mmpretrain', reason='pre-training needs mmpretrain: extra pretrain')

from mmosis.compat.checkpoint import load_from_local
from mmosis.datasets.leak_free_imagenet import IMAGENET_687, LeakFreeImageNet

ROOT = Path(__file__).parents[2]
LEAK = 'n02123045'  # a tabby cat, and COCO has cats


@pytest.fixture
def imagenet(tmp_path: Path) -> Path:
    """Three classes and one that leaks, two images each, for training and validation."""
    rng = np.random.default_rng(0)
    for part in ('train', 'val'):
        for synset in (*IMAGENET_687[:3], LEAK):
            folder = tmp_path / part / synset
            folder.mkdir(parents=True)
            for i in range(2):
                cv2.imwrite(str(folder / f'{i}.JPEG'), rng.integers(0, 256, (40, 50, 3), dtype=np.uint8))
    return tmp_path


def build(folder: Path, **settings) -> LeakFreeImageNet:
    return LeakFreeImageNet(data_root=str(folder), data_prefix='train', **settings)


def test_the_list_is_that_of_the_paper() -> None:
    assert len(set(IMAGENET_687)) == 687
    assert LEAK not in IMAGENET_687


def test_classes_that_leak_are_not_read(imagenet: Path) -> None:
    dataset = build(imagenet, synsets=IMAGENET_687[:3])
    assert [dataset.get_data_info(i)['gt_label'] for i in range(len(dataset))] == [0, 0, 1, 1, 2, 2]
    assert dataset.metainfo['classes'] == IMAGENET_687[:3]
    assert not any(LEAK in dataset.get_data_info(i)['img_path'] for i in range(len(dataset)))


def test_a_class_that_leaks_is_refused(imagenet: Path) -> None:
    (imagenet / 'classes.txt').write_text(f'{IMAGENET_687[0]}\n{LEAK}\n')
    with pytest.raises(ValueError, match=rf'1 classes are not among the 687 .*: {LEAK}; .* would leak'):
        build(imagenet, synsets=str(imagenet / 'classes.txt'))


def test_a_class_that_is_named_twice_is_refused(imagenet: Path) -> None:
    with pytest.raises(ValueError, match='each synset must be named once, got 2 names of 1'):
        build(imagenet, synsets=IMAGENET_687[:1] * 2)


def test_a_missing_class_is_named(imagenet: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf'there are no images in .*{IMAGENET_687[3]}; data_root'):
        build(imagenet, synsets=IMAGENET_687[:4])


def test_without_mmpretrain_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(('mmpretrain', 'mmosis.datasets.leak_free_imagenet'))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'mmpretrain', None)
    with pytest.raises(ImportError, match=r"pre-training needs mmpretrain.* pip install -e '\.\[pretrain\]'"):
        import_module('mmosis.datasets.leak_free_imagenet')


@pytest.mark.slow
def test_the_script_trains_a_backbone_for_the_detectors(imagenet: Path, tmp_path: Path) -> None:
    (imagenet / 'classes.txt').write_text('\n'.join(IMAGENET_687[:3]))
    loaders = [
        option
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader')
        for option in (
            f'{loader}.dataset.data_root={imagenet}',
            f'{loader}.dataset.synsets={imagenet}/classes.txt',
            f'{loader}.batch_size=3',
            f'{loader}.num_workers=0',
            f'{loader}.persistent_workers=False',
        )
    ]
    out, work_dir = tmp_path / 'out' / 'backbone.pth', tmp_path / 'work'
    small = ('train_dataloader.dataset.pipeline.1.scale=32', 'val_dataloader.dataset.pipeline.2.crop_size=32')
    options = ('train_cfg.max_epochs=1', 'train_cfg.val_interval=1', *small, *loaders)
    run_processes('tools/pretrain.sh', '2', '--cfg-options', *options, WORK_DIR=str(work_dir), OUT=str(out))
    cfg = Config.fromfile(ROOT / 'configs/siamese_mask_rcnn_s1.py').model.backbone
    cfg.init_cfg.checkpoint = str(out)
    backbone = MODELS.build(cfg)
    backbone.init_weights()
    trained = load_from_local(next(work_dir.glob('*.pth')))['state_dict']
    for name, value in backbone.state_dict().items():
        torch.testing.assert_close(value, trained[f'backbone.{name}'])
