# What is the decision among the batch's references worth?
_base_ = './baseline.py'

model = dict(roi_head=dict(competition=None))
