# What does the double weight of the two classification losses bring? Here all weights are 1, as in Mask R-CNN.
_base_ = './baseline.py'

model = dict(
    rpn_head=dict(loss_cls=dict(loss_weight=1.0)),
    roi_head=dict(bbox_head=dict(loss_cls=dict(loss_weight=1.0))),
)
