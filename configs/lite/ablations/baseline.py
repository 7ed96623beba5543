# The yardstick of this folder's ablations: split S1 of COCO's photographs, a training of minutes.
_base_ = '../siamese_mask_rcnn_lite_s1.py'

max_iters = 400
train_cfg = dict(max_iters=max_iters)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=40),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=40, end=max_iters, eta_min_ratio=0.01),
]
default_hooks = dict(checkpoint=dict(interval=max_iters))
