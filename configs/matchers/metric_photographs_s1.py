_base_ = ['../_base_/matchers/photographs.py', '../_base_/matchers/metric.py']

model = dict(_base_.matcher, neck=_base_.fpn, match_neck=dict(_base_.matcher.match_neck, **_base_.levels))
model['roi_head'].relation.in_channels = _base_.model.neck.out_channels
