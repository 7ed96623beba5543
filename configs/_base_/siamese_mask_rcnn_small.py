# A small Siamese Mask R-CNN from scratch, minutes on two CPU cores. A child adds a data set.
_base_ = ['./models/siamese_mask_rcnn_r50_fpn.py', './default_runtime.py', './reference_rules.py']

# ---------------------------------------------------------------- model
# GroupNorm: works from scratch with small batches, and normalises every image and reference by itself.
norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)
channels = 64
model = dict(
    episodes_per_chunk=8,
    backbone=dict(
        depth=18,
        base_channels=32,
        norm_cfg=norm_cfg,
        norm_eval=False,
        style='pytorch',
        init_cfg=None,
    ),
    data_preprocessor=dict(std=[58.395, 57.12, 57.375]),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=channels, norm_cfg=norm_cfg),
    match_neck=dict(in_channels=channels, out_channels=64),
    rpn_head=dict(
        in_channels=64,
        feat_channels=64,
        # Sides 16, 32, ... 256, for objects of 16 to 70 pixels.
        anchor_generator=dict(scales=[4]),
        loss_bbox=dict(loss_weight=1.0),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64, finest_scale=28),
        bbox_head=dict(in_channels=64, fc_out_channels=256, loss_bbox=dict(loss_weight=1.0)),
        mask_roi_extractor=dict(out_channels=64, finest_scale=28),
        mask_head=dict(num_convs=2, in_channels=64, conv_out_channels=32, norm_cfg=norm_cfg),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=128)),
        rpn_proposal=dict(nms_pre=500, max_per_img=200),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=100)),
)

# ---------------------------------------------------------------- schedule
# Every parameter takes a gradient in every step.
find_unused_parameters = False
max_iters = 1500
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters)
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4),
    clip_grad=dict(max_norm=5.0, norm_type=2),
)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=100, end=max_iters, eta_min_ratio=0.01),
]
default_hooks = dict(checkpoint=dict(interval=500))
# A person watches: a progress bar, and no log lines but warnings.
custom_hooks = [dict(type='ProgressBarHook')]
log_level = 'WARNING'
gallery = dict(num_images=12, width=2000, score_thr=0.7)
