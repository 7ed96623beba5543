# The paper's reference point (section 6.1, Table 1): Mask R-CNN on all 80 categories for 320,000 steps, without
# re-weighting of the losses. Data, backbone and schedule are those of siamese_mask_rcnn_full.
_base_ = './_base_/mask_rcnn_coco.py'

num_classes = 80
model = dict(
    data_preprocessor=dict(type='DetDataPreprocessor'),
    rpn_head=dict(type='RPNHead', in_channels=256, loss_cls=dict(loss_weight=1.0), loss_bbox=dict(loss_weight=1.0)),
    roi_head=dict(
        type='StandardRoIHead',
        bbox_roi_extractor=dict(out_channels=256),
        bbox_head=dict(
            in_channels=256,
            num_classes=num_classes,
            loss_cls=dict(loss_weight=1.0),
            loss_bbox=dict(loss_weight=1.0),
        ),
        mask_roi_extractor=dict(out_channels=256),
        mask_head=dict(in_channels=256, num_classes=num_classes),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(type='RandomSampler')),
        rcnn=dict(sampler=dict(type='RandomSampler')),
    ),
)
