"""What docs/configs.md claims of configs and of their settings."""

import ast
import inspect
import shutil
from pathlib import Path

import pytest
from mmdet.registry import DATASETS, HOOKS, METRICS, MODELS, TASK_UTILS, TRANSFORMS, VISUALIZERS
from mmengine.config import Config
from mmengine.registry import WEIGHT_INITIALIZERS
from pages import ROOT, blocks, code, read, table
from settings import check_option
from test_config_differences import LOADERS, differences

CONFIGS = ROOT / 'configs'
PAGE = read('docs/configs.md')
REGISTRIES = (DATASETS, HOOKS, METRICS, MODELS, TASK_UTILS, TRANSFORMS, VISUALIZERS, WEIGHT_INITIALIZERS)
BLOCKS = {block.split()[1]: block for block in blocks(PAGE, 'python')}


@pytest.fixture
def load(tmp_path: Path):
    """Load a config that stands beside ours: ``load(text, name)``."""
    shutil.copytree(CONFIGS, tmp_path / 'configs')

    def load(text: str, name: str = 'configs/child.py') -> Config:
        (tmp_path / name).write_text(text)
        return Config.fromfile(tmp_path / name)

    return load


def ours(name: str) -> Config:
    """Load a config of the repository."""
    return Config.fromfile(CONFIGS / name)


def test_parts_are_the_files_that_s1_is_made_of() -> None:
    parts = {name for file, _ in table(PAGE, 'How a config is built') for name in code(file)}
    # MMEngine keeps the text of all files, each with its path in front.
    texts = [ours(f'siamese_mask_rcnn_s1{kind}.py').text for kind in ('', '_imagenet1k')]
    files = {path for path in CONFIGS.rglob('*.py') if any(f'{path}\n' in text for text in texts)}
    assert parts == {str(path.relative_to(CONFIGS)) for path in files} - {'siamese_mask_rcnn_s1_imagenet1k.py'}


def test_families_cover_every_config() -> None:
    rows = table(PAGE, 'All configs')
    covered = [path for files, _ in rows for pattern in code(files) for path in CONFIGS.glob(pattern)]
    every = [path for path in CONFIGS.rglob('*.py') if '_base_' not in path.parts]
    assert sorted(covered) == sorted(every)


def test_split_file_passes_the_split_on(load) -> None:
    cfg = load(BLOCKS['configs/split_2.py'])
    assert differences(cfg._cfg_dict, ours('siamese_mask_rcnn_s2.py')._cfg_dict) == set()


def test_a_variable_alone_changes_nothing(load) -> None:
    base = ours('siamese_mask_rcnn_s1.py')
    child = load("_base_ = './siamese_mask_rcnn_s1.py'\nimage_size = (512, 512)\nnum_held_back = 7")
    assert differences(child._cfg_dict, base._cfg_dict) == {'image_size', 'num_held_back'}
    cfg = ours('siamese_mask_rcnn_s1.py')
    cfg.merge_from_dict({'split': 2})
    assert differences(cfg._cfg_dict, base._cfg_dict) == {'split'}


def test_inheritance_example(load) -> None:
    cfg, base = load(BLOCKS['configs/flips_and_margin.py']), ours('siamese_mask_rcnn_s1.py')
    types = [transform.type for transform in cfg.train_dataloader.dataset.pipeline]
    assert types == ['LoadImage', 'LoadAnnotations', 'RandomFlip', 'Resize', 'Pad', 'PackOneShotInputs']
    assert [step.get('margin') for step in cfg.train_dataloader.dataset.ref_pipeline] == [None, 0.2, None, None]
    assert cfg.train_dataloader.dataset.ref_pipeline[2].size == 192
    assert dict(cfg.optim_wrapper.optimizer) == dict(type='AdamW', lr=pytest.approx(1e-4))
    assert cfg.optim_wrapper.clip_grad == base.optim_wrapper.clip_grad
    assert cfg.test_dataloader == base.test_dataloader


def test_a_braced_value_is_a_word_while_the_file_runs(load) -> None:
    head = "_base_ = './siamese_mask_rcnn_s1.py'\n"
    unpacked = load(head + 'x = [*{{_base_.test_pipeline}}]').x
    assert all(isinstance(letter, str) and len(letter) == 1 for letter in unpacked)
    with pytest.raises(TypeError):
        load(head + 'x = {{_base_.ref_size}} / 2')
    with pytest.raises(SyntaxError):
        load(head + 'x = {{_base_.test_pipeline.0}}')
    assert load(head + 'x = _base_.ref_size / 2').x == 96
    changed = load(head + '_base_.model.rpn_head.feat_channels = 1')
    assert changed.model.rpn_head.feat_channels == 1
    assert 'match_neck' not in load(head + 'del _base_.model.match_neck').model


def test_bases_with_a_name_in_common_are_refused(load) -> None:
    with pytest.raises(KeyError, match='Duplicate key is not allowed among bases'):
        load("_base_ = ['./siamese_mask_rcnn_s1.py', './siamese_mask_rcnn_s2.py']")


def test_ablation_changes_one_setting(load) -> None:
    (name,) = (name for name in BLOCKS if 'ablations' in name)
    cfg, base = load(BLOCKS[name], name), ours('siamese_mask_rcnn_s1_5shot.py')
    assert differences(cfg._cfg_dict, base._cfg_dict) == {'train_dataloader.dataset.reference_sampler.replace'}


def test_masked_references_are_switched_on_by_two_settings(load, tiny_coco) -> None:
    cfg, base = load(BLOCKS['configs/masked_references.py']), ours('siamese_mask_rcnn_s1.py')
    changed = {key for key in differences(cfg._cfg_dict, base._cfg_dict) if '.' in key}
    parts = LOADERS[::2]
    samplers = {'train_dataloader.dataset.reference_sampler.with_masks', 'test_dataloader.dataset.reference_sampler'}
    assert changed == samplers | {f'{loader}.dataset.ref_pipeline' for loader in parts}
    assert [cfg[loader].dataset.ref_pipeline[1].get('prob', 1) for loader in parts] == [0.5, 1]
    files = dict(data_root=str(tiny_coco()), ann_file='annotations.json', data_prefix=dict(img='images/'))
    for loader, shape in zip(parts, ((1, 4, 192, 192), (2, 1, 4, 192, 192)), strict=True):
        dataset = DATASETS.build(dict(cfg[loader].dataset, **files, num_held_back=0, phase='background'))
        assert dataset[0]['ref_inputs'].shape == shape


def test_references_in_context_train_and_are_tested_alike(load, tiny_coco) -> None:
    cfg, base = load(BLOCKS['configs/references_in_context.py']), ours('siamese_mask_rcnn_s1.py')
    changed = {key for key in differences(cfg._cfg_dict, base._cfg_dict) if '.' in key}
    assert changed == {f'{loader}.dataset.ref_pipeline' for loader in LOADERS}
    files = dict(data_root=str(tiny_coco()), ann_file='annotations.json', data_prefix=dict(img='images/'))
    dataset = DATASETS.build(dict(cfg.test_dataloader.dataset, **files, num_held_back=0, phase='background'))
    assert dataset[0]['ref_inputs'].shape == (2, 1, 4, 192, 192)


def test_a_mixture_is_of_coco_and_of_own_data(load, tiny_coco) -> None:
    cfg, base = load(BLOCKS['configs/two_data_sets.py']), ours('siamese_mask_rcnn_s1.py')
    assert cfg.train_dataloader.sampler == base.train_dataloader.sampler
    assert cfg.test_dataloader == base.test_dataloader
    mixture = cfg.train_dataloader.dataset
    assert differences(mixture.datasets[0], base.train_dataloader.dataset) == {'absent_prob'}
    files = dict(data_root=str(tiny_coco()), ann_file='annotations.json', data_prefix=dict(img='images/'))
    for part in mixture.datasets:
        part.update(files, num_held_back=0)
    dataset = DATASETS.build(mixture)
    assert dataset.weights.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert [part.phase for part in dataset.datasets] == ['background', 'all']
    assert {dataset[draw]['ref_inputs'].shape for draw in range(3)} == {(1, 3, 192, 192)}


@pytest.mark.parametrize('row', table(PAGE, 'Our settings'), ids=lambda row: row[0])
def test_settings_exist_and_have_these_defaults(row: list[str]) -> None:
    component, _, name = code(row[0])[0].partition('.')
    (found,) = {c for registry in REGISTRIES if (c := registry.get(component))}
    parameters = {
        k: p for parent in found.__mro__[::-1] for k, p in inspect.signature(parent.__init__).parameters.items()
    }
    default = parameters[name].default
    assert default == (ast.literal_eval(*code(row[1])) if row[1] != '–' else inspect.Parameter.empty)


def test_values_of_our_configs() -> None:
    cfg = ours('siamese_mask_rcnn_s1.py')
    assert cfg.default_hooks.visualization.interval == 200
    assert cfg.custom_hooks == [dict(type='HeadsFirstHook', num_iters=1000)]
    assert cfg.find_unused_parameters is True
    assert {cfg[loader].dataset.num_held_back for loader in LOADERS[:2]} == {3000}
    transforms = {step.type: step for step in cfg.test_dataloader.dataset.ref_pipeline}
    assert transforms['ResizeReference'].size == 192
    assert cfg.model.data_preprocessor.pad_size_divisor == 32
    assert cfg.optim_wrapper.optimizer.lr * 3 / cfg.auto_scale_lr.base_batch_size == pytest.approx(0.005)
    assert ours('siamese_mask_rcnn_full.py').train_cfg.max_iters == 320000


def test_a_wrong_name_at_the_top_does_nothing_and_one_inside_stops() -> None:
    cfg = ours('siamese_mask_rcnn_s1.py')
    cfg.merge_from_dict({'radomness.seed': 1, 'model.match_neck.out_chanels': 8})
    assert cfg.randomness.seed == 0
    with pytest.raises(TypeError, match='out_chanels'):
        MODELS.build(cfg.model.match_neck)


@pytest.mark.parametrize('row', table(PAGE, 'A GPU with less memory'), ids=lambda row: row[0])
def test_changes_for_less_memory_are_accepted(row: list[str]) -> None:
    for option in code(row[0]):
        if '=' in option:
            check_option(ours('siamese_mask_rcnn_s1.py'), option.partition('=')[0])
