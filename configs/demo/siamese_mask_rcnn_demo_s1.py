# The embedded default: a small Siamese Mask R-CNN from scratch on synthetic scenes, minutes on two CPU cores.
_base_ = ['../_base_/models/siamese_mask_rcnn_r50_fpn.py', '../_base_/default_runtime.py']

# ---------------------------------------------------------------- data
data_root = 'data/synthetic/'
# What tools/demo.py writes; the difficulty is SceneConfig's, whose fields may be given here.
scenes = dict(
    train=dict(out_dir=data_root + 'train', num_images=6000, seed=0),
    test=dict(out_dir=data_root + 'test', num_images=300, seed=1),
)
split = 1
image_size = (160, 160)
ref_size = 96

resize = [
    dict(type='Resize', scale=image_size, keep_ratio=True),
    dict(type='Pad', size=image_size, pad_val=dict(img=(0, 0, 0))),
]
ref_pipeline = [
    dict(type='LoadImage'),
    dict(type='CropReference'),
    dict(type='ResizeReference', size=ref_size),
    dict(type='PackReference'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='EpisodeSampler'),
    dataset=dict(
        type='OneShotCocoDataset',
        data_root=data_root,
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images/'),
        split=split,
        phase='background',
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            *resize,
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackOneShotInputs'),
        ],
        ref_pipeline=ref_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='OneShotCocoDataset',
        data_root=data_root,
        ann_file='test/annotations.json',
        data_prefix=dict(img='test/images/'),
        split=split,
        phase='one-shot',
        test_mode=True,
        pipeline=[dict(type='LoadImage'), *resize, dict(type='PackOneShotInputs')],
        ref_pipeline=ref_pipeline,
    ),
)
val_dataloader = test_dataloader
test_evaluator = dict(type='OneShotCocoMetric', metric=['bbox', 'segm'])
val_evaluator = test_evaluator

# ---------------------------------------------------------------- model
# GroupNorm: works from scratch with small batches, and normalises every image and reference by itself.
norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)
channels = 64
model = dict(
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
        mask_head=dict(num_convs=2, in_channels=64, conv_out_channels=64, norm_cfg=norm_cfg),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=128)),
        rpn_proposal=dict(nms_pre=500, max_per_img=200),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=100)),
)

# ---------------------------------------------------------------- schedule
max_iters = 2500
train_cfg = dict(type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters + 1)
val_cfg = dict(type='ValLoop')
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
gallery = dict(num_images=12, columns=3, score_thr=0.5)
