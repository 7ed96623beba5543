"""scale_schedule and check_schedule: the length of a training, and what hangs on it."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmosis.apis.schedule import check_schedule, scale_schedule

CONFIGS = Path(__file__).parents[2] / 'configs'
FINETUNE = 'lite/siamese_mask_rcnn_lite_finetune.py'
# Every config that can be fine-tuned has a schedule that fits.
TRAINED = ['siamese_mask_rcnn_s1.py', 'demo/siamese_mask_rcnn_demo_s1.py', FINETUNE, 'lite/siamese_mask_rcnn_lite.py']


def make(length: Any = 100, *schedulers: dict, **train_cfg: Any) -> Config:
    return Config(
        dict(
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=length, **train_cfg),
            param_scheduler=[dict(by_epoch=False, **scheduler) for scheduler in schedulers],
        )
    )


def moments(cfg: Config) -> list[tuple[int, int]]:
    return [(scheduler.begin, scheduler.end) for scheduler in cfg.param_scheduler]


@pytest.mark.parametrize(
    ('steps', 'expected'),
    [
        (500, [(0, 50), (50, 500)]),
        (2000, [(0, 200), (200, 2000)]),
        (7, [(0, 1), (1, 7)]),
        (2, [(0, 1), (1, 2)]),
        (1, [(0, 1)]),
    ],
)
def test_warm_up_and_decay_scale(steps: int, expected: list) -> None:
    cfg = Config.fromfile(CONFIGS / FINETUNE)
    scale_schedule(cfg, steps)
    assert cfg.train_cfg.max_iters == steps
    assert moments(cfg) == expected
    check_schedule(cfg)


def test_the_papers_schedule_scales() -> None:
    cfg = Config.fromfile(CONFIGS / 'siamese_mask_rcnn_s1.py')
    scale_schedule(cfg, 1600)
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (1600, 200)
    assert cfg.param_scheduler[0].milestones == [1200]
    assert cfg.custom_hooks[0].num_iters == 10
    assert cfg.default_hooks.checkpoint.interval == 5000, 'what a kill may cost does not hang on the length'
    check_schedule(cfg)


def test_all_settings_that_count_steps() -> None:
    cfg = make(
        100,
        dict(type='CosineAnnealingLR', begin=0, end=40, T_max=30),
        dict(type='CosineRestartLR', begin=40, end=100, periods=[20, 40]),
        dict(type='StepLR', step_size=25, gamma=0.5),
        dict(type='LinearLR', begin=98, end=99),
        val_begin=10,
        val_interval=5,
        dynamic_intervals=[(80, 1)],
    )
    scale_schedule(cfg, 10)
    cosine, restart, step, jump = cfg.param_scheduler
    assert (cosine.begin, cosine.end, cosine.T_max) == (0, 4, 3)
    assert (restart.begin, restart.end, restart.periods) == (4, 10, [2, 4])
    assert (step.step_size, step.gamma) == (2, 0.5)
    assert (jump.begin, jump.end) == (9, 10)
    loop = cfg.train_cfg
    assert (loop.val_begin, loop.val_interval, loop.dynamic_intervals) == (1, 1, [[8, 1]])


def test_a_scheduler_alone_and_none() -> None:
    cfg = make(100)
    cfg.param_scheduler = dict(type='MultiStepLR', by_epoch=False, milestones=[50])
    scale_schedule(cfg, 10)
    assert cfg.param_scheduler[0].milestones == [5]
    cfg.param_scheduler = None
    scale_schedule(cfg, 20)
    check_schedule(cfg)


@pytest.mark.parametrize('steps', [0, -3, 1.5, True, None, '20'])
def test_steps_that_are_none(steps: Any) -> None:
    with pytest.raises(ValueError, match=r'^steps must be a whole number, at least 1, got '):
        scale_schedule(make(), steps)


@pytest.mark.parametrize('name', TRAINED)
def test_the_configs_schedules_fit(name: str) -> None:
    check_schedule(Config.fromfile(CONFIGS / name))


@pytest.mark.parametrize('length', [0, -500, 20.5, '500', None])
def test_lengths_that_are_none(length: Any) -> None:
    for function in (check_schedule, lambda cfg: scale_schedule(cfg, 5)):
        with pytest.raises(ValueError, match=r'^train_cfg\.max_iters must be a whole number, at least 1, got '):
            function(make(length))


@pytest.mark.parametrize(
    ('scheduler', 'message'),
    [
        (dict(type='CosineAnnealingLR', begin=100), r'\.begin \(CosineAnnealingLR\) is step 100, .* at most 99'),
        (dict(type='LinearLR', end=101), r'\.end \(LinearLR\) is step 101, and the training has 100 .* at most 100'),
        (dict(type='MultiStepLR', milestones=[60, 120]), r'\.milestones \(MultiStepLR\) is step 120, .*--steps 100'),
        (dict(type='MultiStepLR', milestones='60'), r"\.milestones must be a whole number, at least 0, got '60'"),
        (dict(type='LinearLR', begin=-1), r'\.begin must be a whole number, at least 0, got -1'),
        (dict(type='LinearLR', end=None), r'\.end must be a whole number, at least 0, got None'),
    ],
)  # fmt: skip
def test_schedulers_that_do_not_fit(scheduler: dict, message: str) -> None:
    with pytest.raises(ValueError, match=rf'^param_scheduler\.1{message}'):
        check_schedule(make(100, dict(type='ConstantLR'), scheduler))


def test_a_schedule_that_ends_early_gets_a_warning(mmengine_log: pytest.LogCaptureFixture) -> None:
    cfg = Config.fromfile(CONFIGS / FINETUNE)
    check_schedule(cfg)
    check_schedule(make(100, dict(type='LinearLR', end=50), dict(type='MultiStepLR', milestones=[60])))
    assert mmengine_log.messages == []
    cfg.train_cfg.max_iters = 2000
    check_schedule(cfg)
    (message,) = mmengine_log.messages
    assert message.startswith('the schedule ends at step 500 of 2000 (train_cfg.max_iters), and from there on ')
    assert message.endswith('(--steps 2000) alone')


def test_an_interval_of_no_steps() -> None:
    with pytest.raises(ValueError, match=r'train_cfg\.val_interval must be a whole number, at least 1, got 0'):
        check_schedule(make(100, val_interval=0))


def test_schedulers_of_epochs() -> None:
    cfg = make()
    cfg.param_scheduler = [dict(type='MultiStepLR', milestones=[8])]
    with pytest.raises(ValueError, match=r'param_scheduler\.0 \(MultiStepLR\) counts epochs, .* set by_epoch=False'):
        check_schedule(cfg)
    cfg.param_scheduler = [
        dict(type='MultiStepLR', milestones=[800], convert_to_iter_based=True),
        dict(type='ReduceOnPlateauLR', monitor='mAP'),
    ]
    check_schedule(cfg)
    scale_schedule(cfg, 10)
    assert cfg.param_scheduler[0].milestones == [800], 'epochs do not hang on the number of steps'
