# Mask R-CNN beside siamese_mask_rcnn_demo_full: the counterpart of the paper's Table 1 on the scenes.
_base_ = '../_base_/mask_rcnn_demo.py'

num_classes = 80
model = dict(
    data_preprocessor=dict(type='DetDataPreprocessor'),
    rpn_head=dict(loss_cls=dict(loss_weight=1.0)),
    roi_head=dict(
        type='StandardRoIHead',
        bbox_head=dict(num_classes=num_classes, loss_cls=dict(loss_weight=1.0)),
        mask_head=dict(num_classes=num_classes),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(type='RandomSampler')),
        rcnn=dict(sampler=dict(type='RandomSampler')),
    ),
)
