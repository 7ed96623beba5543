_base_ = ['../_base_/matchers/coco.py', '../_base_/matchers/co_excitation.py']

model = _base_.matcher
model.roi_head.relation.in_channels = _base_.model.neck.out_channels
