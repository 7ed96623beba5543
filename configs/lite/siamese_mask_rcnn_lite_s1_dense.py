# What the ablations found best on split S1, trained longer: the dense comparison alone, the paper's head behind it.
_base_ = './ablations/dense_only.py'

max_iters = 1200
train_cfg = dict(max_iters=max_iters)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=100),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=100, end=max_iters, eta_min_ratio=0.01),
]
default_hooks = dict(checkpoint=dict(interval=200))
