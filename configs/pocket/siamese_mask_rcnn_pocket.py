# The model of drawn scenes: the demo's network, which compares every region with all of the reference once more. It
# starts from faster_rcnn_pocket.py, and is trained on 800 categories of richer scenes.
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/rich_scenes.py']

# ---------------------------------------------------------------- model
pretrained = dict(type='Pretrained', checkpoint='work_dirs/faster_rcnn_pocket/iter_3000.pth')
embed_channels = 256
model = dict(
    backbone=dict(init_cfg=dict(pretrained, _delete_=True, prefix='backbone')),
    neck=dict(init_cfg=dict(pretrained, prefix='neck')),
    match_neck=dict(type='RelationMatchNeck', roi_feat_size=7, ref_level=1),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(
            in_channels=_base_.channels,
            embed_channels=embed_channels,
            embed_init_cfg=dict(pretrained, prefix='roi_head.bbox_head.cls_fcs'),
        ),
    ),
    # Half the demo's regions: the backward pass of RoIAlign is what a step on a CPU waits for.
    train_cfg=dict(rcnn=dict(sampler=dict(num=32))),
)

# ---------------------------------------------------------------- schedule
max_iters = 8000
train_cfg = dict(max_iters=max_iters)
# Faster on a CPU that multiplies bfloat16 by itself. What is trained already learns slowly.
slow = dict(lr_mult=0.2)
optim_wrapper = dict(
    type='BFloat16OptimWrapper',
    paramwise_cfg=dict(
        custom_keys={'backbone': slow, 'neck': slow, 'embed_layer': slow, 'match_neck': dict(lr_mult=1.0)}
    ),
)
param_scheduler = [dict(_base_.param_scheduler[0], end=200), dict(_base_.param_scheduler[1], begin=200, end=max_iters)]
default_hooks = dict(checkpoint=dict(interval=1000))

# Photographs: larger ones are reduced to this longer side, in pixels. Scenes of the test set stay as they are.
search = dict(max_image_scale=512)
