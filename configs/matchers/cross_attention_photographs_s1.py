_base_ = ['../_base_/matchers/photographs.py', '../_base_/matchers/cross_attention.py']

model = dict(_base_.matcher, neck=_base_.fpn, match_neck=dict(_base_.matcher.match_neck, **_base_.levels))
