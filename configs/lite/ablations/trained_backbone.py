# What is freezing worth? The backbone learns too, at a tenth of the rate.
_base_ = './baseline.py'

model = dict(backbone=dict(frozen_stages=0))
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}))
