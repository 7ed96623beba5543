# The lite model without the second comparison in the RoI head, as the ablations on split S1 found it best.
_base_ = './siamese_mask_rcnn_lite.py'

model = dict(roi_head=_base_.dense_roi_head)
max_iters = 1200
train_cfg = dict(max_iters=max_iters)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=100, end=max_iters, eta_min_ratio=0.01),
]
