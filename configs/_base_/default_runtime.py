default_scope = 'mmdet'
custom_imports = dict(
    imports=[
        'mmosis',
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
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=5000, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='DetVisualizationHook'),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)

vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='OneShotLocalVisualizer', alpha=0.35, vis_backends=vis_backends, name='visualizer')
log_processor = dict(type='LogProcessor', window_size=50, by_epoch=False)

log_level = 'INFO'
load_from = None
resume = False
