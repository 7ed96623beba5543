default_scope = 'mmdet'
custom_imports = dict(
    imports=[
        'mmosis.datasets',
        'mmosis.engine',
        'mmosis.evaluation',
        'mmosis.models',
        'mmosis.visualization',
    ],
    allow_failed_imports=False,
)

# One seed for weights and episodes: the sampler hands it to the training dataset.
randomness = dict(seed=0)
# HeadsFirstHook: the backbone takes no gradient at first.
find_unused_parameters = True

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    # Validation figures stand at their training step.
    logger=dict(type='LoggerHook', interval=50, log_metric_by_epoch=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='AtomicCheckpointHook', by_epoch=False, interval=5000, max_keep_ckpts=3),
    # A training that was stopped and resumed is the one that was not; nothing broken is learnt or saved.
    exact_resume=dict(type='ExactResumeHook'),
    check_finite=dict(type='CheckFiniteHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Every 200th image of a validation; of a test only what --show or --show-dir ask for.
    visualization=dict(type='OneShotVisualizationHook', draw=True, interval=200),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]
visualizer = dict(type='OneShotLocalVisualizer', alpha=0.35, vis_backends=vis_backends, name='visualizer')
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=False)

log_level = 'INFO'
load_from = None
resume = False
