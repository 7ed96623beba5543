# The default model: frozen ImageNet features, matched at every position; trained on photographs and scenes.
_base_ = [
    '../_base_/models/siamese_mask_rcnn_lite.py',
    '../_base_/datasets/photographs.py',
    '../_base_/default_runtime.py',
    '../_base_/reference_rules.py',
]

# ---------------------------------------------------------------- schedule
find_unused_parameters = False
max_iters = 1800
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters)
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='BFloat16OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
    clip_grad=dict(max_norm=5.0, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=200),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=200, end=max_iters, eta_min_ratio=0.01),
]
default_hooks = dict(checkpoint=dict(interval=200))
custom_hooks = [dict(type='ProgressBarHook')]
log_level = 'WARNING'

# ---------------------------------------------------------------- search
search = dict(
    object_size=80,
    sides=(448, 1536),
    max_enlargement=4.0,
    # Objects that would be smaller than this in the largest complete image are searched for in tiles.
    min_object_size=48,
    tile_side=1024,
    max_tiles=64,
    # Where the object's size is not known, it is estimated by searches at these.
    unknown_sides=(512, 1024),
    credible_score=0.3,
    # Chosen on photographs for what is found at 0.5 (docs/search.md#the-score).
    calibration=dict(slope=1.12, offset=-1.55, boxed=dict(slope=1.06, offset=0.1, weight=1.5)),
)
