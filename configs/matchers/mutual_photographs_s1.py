_base_ = ['../_base_/matchers/photographs.py', '../_base_/matchers/mutual.py']

model = dict(roi_head=_base_.matcher.roi_head)
model['roi_head'].relation.in_channels = _base_.model.neck.out_channels
