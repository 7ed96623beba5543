_base_ = ['../_base_/matchers/demo.py', '../_base_/matchers/mutual.py']

model = _base_.matcher
model.roi_head.relation.in_channels = _base_.model.neck.out_channels
