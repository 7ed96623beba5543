# What turns Siamese Mask R-CNN into Mask R-CNN, in variables for a config that inherits both: the same backbone and
# parts, but no references and no re-weighting of the losses.
num_classes = 80
mask_rcnn = dict(
    type='MaskRCNN',
    data_preprocessor=dict(type='DetDataPreprocessor'),
    rpn_head=dict(type='RPNHead', loss_cls=dict(loss_weight=1.0), loss_bbox=dict(loss_weight=1.0)),
    roi_head=dict(
        type='StandardRoIHead',
        bbox_head=dict(num_classes=num_classes, loss_cls=dict(loss_weight=1.0), loss_bbox=dict(loss_weight=1.0)),
        mask_head=dict(num_classes=num_classes),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(type='RandomSampler')),
        rcnn=dict(sampler=dict(type='RandomSampler')),
    ),
)
# What a data set says of episodes alone.
of_episodes = ['split', 'phase', 'reference_sampler', 'ref_pipeline']
