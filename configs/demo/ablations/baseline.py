# The demo for 600 of its 1500 steps: what the other files here are compared with, each of which changes one thing.
_base_ = '../siamese_mask_rcnn_demo_s1.py'

max_iters = 600
train_cfg = dict(max_iters=max_iters)
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=max_iters)]
default_hooks = dict(checkpoint=dict(interval=200))
