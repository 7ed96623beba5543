# What is the second comparison worth, region against reference? The paper's head hears the dense one alone.
_base_ = './baseline.py'

model = dict(roi_head=_base_.dense_roi_head)
