"""The package in docs/add_a_matcher.md, made of the page's own blocks, trains and tests by config alone."""

import json
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from pages import ROOT, blocks, read
from tools_runner import STEPS, run

from projects.scenes.synthetic import make_scenes

PAGE = read('docs/add_a_matcher.md')
CONFIGS = ['cosine_s1', 'condinst_s1']


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The page's project, beside the repository and on Python's path; each block names its file in its first line."""
    root = tmp_path_factory.mktemp('work')
    (root / 'mmosis').symlink_to(ROOT)
    project = root / 'my_project'
    for block in blocks(PAGE, 'python'):
        path = project / re.match(r'# (\S+)\n', block)[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(project)
        yield project
    for name in [name for name in sys.modules if name.split('.')[0] == 'my_mmosis']:
        del sys.modules[name]


@pytest.fixture(scope='module')
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Overrides that make the page's configs small."""
    scenes = tmp_path_factory.mktemp('scenes')
    make_scenes(scenes, num_images=60, seed=0, image_size=64)
    loaders = ('train_dataloader', 'test_dataloader')
    files = (f'data_root={scenes}/', 'ann_file=annotations.json', 'data_prefix.img=images/')
    return [
        '--cfg-options',
        *(f'{loader}.dataset.{file}' for loader in loaders for file in files),
        *(f'{loader}.{key}' for loader in loaders for key in ('num_workers=0', 'persistent_workers=False')),
        'train_dataloader.batch_size=2',
        f'train_cfg.max_iters={STEPS}',
        'test_dataloader.dataset.indices=2',
    ]


def test_every_file_of_the_page_is_made(project: Path) -> None:
    made = {path.name for path in project.rglob('*.py')}
    assert len(made) == len(blocks(PAGE, 'python'))
    listed = set(re.findall(r'\w+\.py', blocks(PAGE, '')[0]))
    assert listed
    assert listed <= made


@pytest.mark.parametrize('name', CONFIGS)
def test_config_trains_and_tests(project: Path, options: list[str], tmp_path: Path, name: str) -> None:
    config = project / 'configs' / f'{name}.py'
    run('tools/train.py', config, '--work-dir', tmp_path, *options)
    checkpoint = tmp_path / f'iter_{STEPS}.pth'
    run('tools/test.py', config, checkpoint, '--work-dir', tmp_path / 'test', *options)
    metrics = json.loads(next((tmp_path / 'test').glob('*/*.json')).read_text())
    assert {'one-shot/bbox_mAP_50', 'one-shot/segm_mAP_50'} <= set(metrics)


def test_config_names_parts_of_the_package_alone(project: Path) -> None:
    cfg = Config.fromfile(project / 'configs' / 'cosine_s1.py')
    base = Config.fromfile(ROOT / 'configs' / 'demo' / 'siamese_mask_rcnn_demo_s1.py')
    assert cfg.custom_imports.imports == [*base.custom_imports.imports, 'my_mmosis']
    assert cfg.model.match_neck == dict(base.model.match_neck, type='CosineMatchNeck')
    assert cfg.train_dataloader.dataset.num_references == 2


def test_config_may_inherit_by_the_packages_name(project: Path) -> None:
    path = project / 'configs' / 'cosine_s1.py'
    expected = MODELS.build(Config.fromfile(path).model)
    named = path.read_text().replace('../../mmosis/configs/', 'mmosis::')
    assert 'mmosis::' in named
    (project / 'named.py').write_text(named.replace('_base_.norm_cfg', "dict(type='GN', num_groups=8)"))
    assert str(MODELS.build(Config.fromfile(project / 'named.py').model)) == str(expected)


def test_the_pages_own_tests_pass(project: Path) -> None:
    tests = runpy.run_path(str(project / 'tests' / 'test_cosine_match_neck.py'))
    names = [name for name in tests if name.startswith('test_')]
    assert len(names) == 3
    for name in names:
        tests[name]()


def test_the_head_learns_from_the_hardest_non_matches(project: Path) -> None:
    """One match and a ratio of 1: of three non-matches that which looks most like a match counts."""
    from my_mmosis import HardNonMatchBBoxHead

    head = HardNonMatchBBoxHead(num_classes=1, in_channels=4, fc_out_channels=4, roi_feat_size=1, ratio=1.0)
    cls_score = torch.tensor([[0.0, 0], [-5, 5], [1, -1], [0, 0]], requires_grad=True)
    labels = torch.tensor([0, 1, 1, 1])
    boxes = torch.zeros(4, 4)
    losses = head.loss(cls_score, boxes, torch.zeros(4, 5), labels, torch.ones(4), boxes, torch.ones(4, 4))
    losses['loss_cls'].backward()
    assert cls_score.grad.abs().sum(dim=1).gt(0).tolist() == [True, False, True, False]
