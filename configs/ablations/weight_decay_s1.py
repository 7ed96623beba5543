# The published code divides each tensor's weight decay by its size, practically none. Does 1e-4 proper help?
_base_ = '../siamese_mask_rcnn_s1.py'

optim_wrapper = dict(optimizer=dict(weight_decay=1e-4), paramwise_cfg=dict(norm_decay_mult=0.0))
