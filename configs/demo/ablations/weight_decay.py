# AdamW multiplies weight decay with the learning rate: 1e-4 is practically none. Does 0.05 help?
_base_ = './baseline.py'

optim_wrapper = dict(optimizer=dict(weight_decay=0.05), paramwise_cfg=dict(norm_decay_mult=0.0))
