"""What configs of one family differ in: a split, a number of references, one change."""

from pathlib import Path

import pytest
from mmengine.config import Config, ConfigDict

from mmosis.utils.config_file import set_split
from projects.scenes.synthetic import SceneConfig

ROOT = Path(__file__).parents[1]
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# The settings that each ablation changes, and no other.
ABLATIONS = {
    'configs/ablations/': {
        'concat_only_s1': {'model.match_neck.type'},
        'no_reweighting_s1': {
            f'model.{part}.{loss}.loss_weight'
            for part in ('rpn_head', 'roi_head.bbox_head')
            for loss in ('loss_cls', 'loss_bbox')
        },
        'all_layers_s1': {'custom_hooks', 'find_unused_parameters'},
        'rpn_256_s1': {'model.rpn_head.feat_channels'},
        'r101_s1': {'model.backbone.depth', 'model.backbone.init_cfg.checkpoint'},
        'context_margin_s1': {'ref_pipeline', *(f'{loader}.dataset.ref_pipeline' for loader in LOADERS)},
        'flips_s1': {'train_dataloader.dataset.pipeline'},
        'weight_decay_s1': {'optim_wrapper.optimizer.weight_decay', 'optim_wrapper.paramwise_cfg'},
        'other_image_s1': {'train_dataloader.dataset.reference_sampler.same_image'},
    },
    'configs/demo/ablations/': {
        'concat_only': {'model.match_neck.type'},
        'no_reweighting': {f'model.{part}.loss_cls.loss_weight' for part in ('rpn_head', 'roi_head.bbox_head')},
        'heads_first': {'custom_hooks', 'find_unused_parameters'},
        'context_margin': {'ref_pipeline', *(f'{loader}.dataset.ref_pipeline' for loader in LOADERS[::2])},
        'same_image': {'train_dataloader.dataset.reference_sampler'},
    },
}
BASELINES = {
    'configs/ablations/': 'configs/siamese_mask_rcnn_s1.py',
    'configs/ablations/r101_s1': 'configs/siamese_mask_rcnn_s1_imagenet1k.py',
    'configs/demo/ablations/': 'configs/demo/ablations/baseline.py',
}


def read(name: str) -> ConfigDict:
    """Load a config of the repository."""
    return Config.fromfile(ROOT / name)._cfg_dict


def differences(a: ConfigDict, b: ConfigDict, path: str = '') -> set[str]:
    """List where two configs differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = set(a) | set(b)
        return set().union(*(differences(a.get(key), b.get(key), f'{path}.{key}') for key in keys))
    return set() if a == b else {path.lstrip('.')}


@pytest.mark.parametrize('split', [2, 3, 4])
@pytest.mark.parametrize('stem', ['siamese_mask_rcnn_s{}', 'siamese_mask_rcnn_s{}_5shot'])
def test_split_files_differ_in_the_split_alone(stem: str, split: int) -> None:
    first, other = (read(f'configs/{stem.format(s)}.py') for s in (1, split))
    assert differences(first, other) == {'split', *(f'{loader}.dataset.split' for loader in LOADERS)}
    assert all(other[loader].dataset.split == split for loader in LOADERS)


@pytest.mark.parametrize(
    'stem', ['siamese_mask_rcnn_s{}', 'siamese_mask_rcnn_s{}_5shot', 'demo/siamese_mask_rcnn_demo_s{}']
)
def test_split_files_are_s1_with_another_split(stem: str) -> None:
    for split in (2, 3, 4):
        cfg = Config.fromfile(ROOT / f'configs/{stem.format(1)}.py')
        set_split(cfg, split)
        assert differences(cfg._cfg_dict, read(f'configs/{stem.format(split)}.py')) == set()


SPLIT_BY_OPTION = [
    *(path.stem for data in ('coco', 'demo') for path in sorted(ROOT.glob(f'configs/matchers/*_{data}.py')))
]


@pytest.mark.parametrize('name', SPLIT_BY_OPTION)
def test_a_matcher_has_every_split(name: str) -> None:
    path = ROOT / f'configs/matchers/{name}.py'
    first, other = Config.fromfile(path), Config.fromfile(path)
    assert first.split == 1
    set_split(other, 3)
    loaders = [loader for loader in LOADERS if loader in first]
    changed = {'split', *(f'{loader}.dataset.split' for loader in loaders)}
    assert differences(first._cfg_dict, other._cfg_dict) == changed


@pytest.mark.parametrize(
    'name',
    [
        'siamese_mask_rcnn_full',
        'mask_rcnn_full',
        'demo/siamese_mask_rcnn_demo_full',
        'demo/mask_rcnn_demo_full',
        'omniglot/siamese_mask_rcnn_omniglot',
        'omniglot/siamese_mask_rcnn_omniglot_20bg',
        'published/siamese_mask_rcnn_published_full',
        'lite/siamese_mask_rcnn_lite',
        'lite/siamese_mask_rcnn_lite_s1',
        'pretrain/resnet50_imagenet687',
    ],
)
def test_all_categories_and_data_made_for_a_split_have_none_to_choose(name: str) -> None:
    cfg = Config.fromfile(ROOT / f'configs/{name}.py')
    with pytest.raises(ValueError, match='has no split to choose'):
        set_split(cfg, 2)


def test_five_shots_are_five_references_in_training_and_testing() -> None:
    one, five = read('configs/siamese_mask_rcnn_s1.py'), read('configs/siamese_mask_rcnn_s1_5shot.py')
    assert differences(one, five) == {'num_references', *(f'{loader}.dataset.num_references' for loader in LOADERS)}
    assert all(five[loader].dataset.num_references == 5 for loader in LOADERS)


@pytest.mark.parametrize(
    ('stem', 'same_image'),
    [
        ('siamese_mask_rcnn_s1_imagenet1k', True),
        ('published/siamese_mask_rcnn_published', True),
        ('matchers/mutual_coco', True),
        ('reuse/siamese_gfl_s1', True),
        ('ablations/other_image_s1', False),
        ('demo/siamese_mask_rcnn_demo_s1', False),
        ('demo/ablations/same_image', True),
        ('omniglot/siamese_mask_rcnn_omniglot', False),
        ('pocket/siamese_mask_rcnn_pocket', False),
        ('lite/siamese_mask_rcnn_lite_finetune', False),
    ],
)
def test_the_searched_image_gives_references_in_training_on_coco_and_in_no_test(stem: str, same_image: bool) -> None:
    cfg = read(f'configs/{stem}.py')
    rules = {
        loader: cfg[loader].dataset.get('reference_sampler', {}).get('same_image', False)
        for loader in LOADERS
        if loader in cfg
    }
    assert rules.pop('train_dataloader') == same_image
    assert not any(rules.values())


@pytest.mark.parametrize(('folder', 'stem'), [(folder, stem) for folder, stems in ABLATIONS.items() for stem in stems])
def test_an_ablation_changes_one_thing(folder: str, stem: str) -> None:
    baseline = read(BASELINES.get(folder + stem, BASELINES[folder]))
    assert differences(baseline, read(f'{folder}{stem}.py')) == ABLATIONS[folder][stem]


@pytest.mark.parametrize('folder', ABLATIONS)
def test_every_ablation_asks_a_question(folder: str) -> None:
    files = {path.stem: path.read_text() for path in (ROOT / folder).glob('*.py') if path.stem != 'baseline'}
    assert set(files) == set(ABLATIONS[folder])
    for text in files.values():
        assert '?' in text.partition('_base_')[0]


@pytest.mark.parametrize('loader', ['train_dataloader', 'test_dataloader'])
def test_margin_and_flips_are_all_that_changes_in_their_pipelines(loader: str) -> None:
    base, margin = (
        read(f'configs/{name}.py')[loader].dataset.ref_pipeline
        for name in ('siamese_mask_rcnn_s1', 'ablations/context_margin_s1')
    )
    assert [dict(step, margin=0) for step in margin] == [dict(step, margin=0) for step in base]
    base, flips = (
        read(f'configs/{name}.py').train_dataloader.dataset.pipeline
        for name in ('siamese_mask_rcnn_s1', 'ablations/flips_s1')
    )
    assert [step for step in flips if step.type != 'RandomFlip'] == base


PRETRAINING = 'configs/pocket/faster_rcnn_pocket.py'


def test_masked_pocket_differs_in_the_tests_references_alone() -> None:
    plain, masked = (read(f'configs/pocket/siamese_mask_rcnn_pocket{suffix}.py') for suffix in ('', '_masked'))
    changed = {f'test_dataloader.dataset.{key}' for key in ('ref_pipeline', 'reference_sampler')}
    assert differences(plain, masked) == changed
    steps, taken = (list(cfg.test_dataloader.dataset.ref_pipeline) for cfg in (plain, masked))
    assert taken == [steps[0], dict(type='LoadReferenceMask'), *steps[1:]]
    assert masked.test_dataloader.dataset.reference_sampler.with_masks


def test_finetune_differs_from_pocket_in_schedule_categories_and_start() -> None:
    pocket, finetune = (read(f'configs/pocket/siamese_mask_rcnn_pocket{suffix}.py') for suffix in ('', '_finetune'))
    changed = {'max_iters', 'train_cfg.max_iters', 'param_scheduler', 'optim_wrapper.optimizer.lr'}
    categories = {f'train_dataloader.dataset.{key}' for key in ('split', 'phase')}
    start = {'model.backbone.init_cfg', 'model.neck.init_cfg', 'model.roi_head.relation.embed_init_cfg'}
    assert differences(pocket, finetune) == changed | categories | start
    assert pocket.model.neck.init_cfg.checkpoint.endswith(f'iter_{read(PRETRAINING).train_cfg.max_iters}.pth')
    warm_up, cosine = finetune.param_scheduler
    assert (warm_up.type, cosine.type) == ('LinearLR', 'CosineAnnealingLR')
    assert (warm_up.end, cosine.end) == (cosine.begin, finetune.train_cfg.max_iters)


def test_lite_on_split_1_differs_from_lite_in_what_is_held_out() -> None:
    lite, s1 = (read(f'configs/lite/siamese_mask_rcnn_lite{suffix}.py') for suffix in ('', '_s1'))
    tested = {f'test_dataloader.dataset.{key}' for key in ('split', 'phase')}
    own = {'held_out', 'composed_scenes.data_root'}
    parts = own | {f'{name}.{key}' for name in ('photographs', 'more_photographs') for key in ('split', 'phase')}
    schedule = {'max_iters', 'train_cfg.max_iters', 'param_scheduler'}
    data = {f'train_dataloader.dataset.{key}' for key in ('datasets', 'weights')}
    assert differences(lite, s1) - parts - schedule == data | tested
    complete, left = ({part.data_root: part for part in cfg.train_dataloader.dataset.datasets} for cfg in (lite, s1))
    composed = s1.composed.s1.out_dir
    assert set(left) - set(complete) == {composed}
    assert differences(left[composed], complete[s1.composed.all.out_dir]) == {'data_root'}
    changed = {root: differences(complete[root], left[root]) for root in left if root != composed}
    held_out = {'split', 'phase'}
    assert [changed[f'data/photographs/{name}/'] for name in ('coco_train', 'coco_more_train')] == [held_out] * 2
    assert sum(map(len, changed.values())) == 4
    assert (s1.test_dataloader.dataset.split, s1.test_dataloader.dataset.phase) == (1, 'one-shot')


def test_composed_scenes_are_where_the_lite_configs_read_them() -> None:
    composed = read('configs/_base_/datasets/composed_scenes.py').composed
    lite, s1 = (
        {
            part.data_root
            for part in read(f'configs/lite/siamese_mask_rcnn_lite{suffix}.py').train_dataloader.dataset.datasets
        }
        for suffix in ('', '_s1')
    )
    assert {composed[name].out_dir for name in ('all', 'crowds')} <= lite
    assert composed.s1.out_dir in s1
    # No object of a held-out category is cut out for it, and none whose category nobody knows.
    assert {source.get('split') for source in composed.s1.sources} == {1}
    assert not any(source.get('each_a_kind') for source in composed.s1.sources)


def test_lite_is_fine_tuned_on_one_data_set_from_its_checkpoint() -> None:
    lite, finetune = (read(f'configs/lite/siamese_mask_rcnn_lite{suffix}.py') for suffix in ('', '_finetune'))
    changed = {'max_iters', 'train_cfg.max_iters', 'param_scheduler', 'optim_wrapper.optimizer.lr'}
    data = {key for key in differences(lite, finetune) if key.startswith('train_dataloader.dataset.')}
    tested = {f'test_dataloader.dataset.{key}' for key in ('split', 'phase')}
    assert differences(lite, finetune) - data == changed | tested | {'model.backbone.init_cfg', 'split'}
    photographs = lite.train_dataloader.dataset.datasets[0]
    assert differences(photographs, finetune.train_dataloader.dataset) == {'split', 'phase'}
    warm_up, cosine = finetune.param_scheduler
    assert (warm_up.end, cosine.end) == (cosine.begin, finetune.train_cfg.max_iters)


def test_full_config_trains_on_all_categories_for_320k() -> None:
    cfg = read('configs/siamese_mask_rcnn_full.py')
    assert {cfg[loader].dataset.phase for loader in LOADERS} == {'all'}
    assert cfg.train_cfg.max_iters == 320000
    assert cfg.param_scheduler[0].milestones == [240000]


@pytest.mark.parametrize(
    ('stem', 'siamese'),
    [('mask_rcnn_full', 'siamese_mask_rcnn_full'), ('demo/mask_rcnn_demo_full', 'demo/siamese_mask_rcnn_demo_full')],
)
def test_mask_rcnn_differs_from_siamese_mask_rcnn_by_what_makes_it_siamese(stem: str, siamese: str) -> None:
    siamese, plain = read(f'configs/{siamese}.py'), read(f'configs/{stem}.py')
    parts = {difference.split('.')[0] for difference in differences(siamese, plain)}
    variables = {'num_classes', 'mask_rcnn', 'of_episodes', 'channels'}
    assert parts <= {'model', *LOADERS, 'val_evaluator', 'test_evaluator'} | variables
    for loader in plain.keys() & set(LOADERS):
        changed = differences(siamese[loader].dataset, plain[loader].dataset)
        assert changed <= {'type', 'phase', 'split', 'reference_sampler', 'ref_pipeline', 'filter_cfg'}
    assert {'model.backbone', 'model.neck'}.isdisjoint(differences(siamese, plain))


def test_mask_rcnn_has_80_classes_and_no_reweighting() -> None:
    model = read('configs/mask_rcnn_full.py').model
    heads = model.rpn_head, model.roi_head.bbox_head
    assert {head[loss].loss_weight for head in heads for loss in ('loss_cls', 'loss_bbox')} == {1.0}
    assert (model.roi_head.bbox_head.num_classes, model.roi_head.mask_head.num_classes) == (80, 80)


def test_demo_states_the_difficulty_of_the_fixed_test_set() -> None:
    cfg = Config.fromfile(ROOT / 'configs/demo/siamese_mask_rcnn_demo_s1.py')
    assert SceneConfig(**cfg.difficulty) == SceneConfig()
    assert (cfg.scenes.test.num_images, cfg.scenes.test.seed) == (300, 1)
    assert cfg.scenes.train.seed != cfg.scenes.test.seed
