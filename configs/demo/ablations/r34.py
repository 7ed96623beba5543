# Does a deeper backbone help new categories? ResNet-34 in place of ResNet-18.
_base_ = './baseline.py'

model = dict(backbone=dict(depth=34))
