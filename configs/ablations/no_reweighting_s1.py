# What do the paper's loss weights (2, 0.1, 2, 0.5, 1) bring? Here all are 1, as in Mask R-CNN.
_base_ = '../siamese_mask_rcnn_s1.py'

model = dict(
    rpn_head=dict(loss_cls=dict(loss_weight=1.0), loss_bbox=dict(loss_weight=1.0)),
    roi_head=dict(bbox_head=dict(loss_cls=dict(loss_weight=1.0), loss_bbox=dict(loss_weight=1.0))),
)
