# Mask R-CNN in place of Siamese Mask R-CNN: same backbone, data, schedule and parts, but no references.
_base_ = '../siamese_mask_rcnn_full.py'

model = dict(
    _delete_=True,
    type='MaskRCNN',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    rpn_head=_base_.model.rpn_head,
    roi_head=_base_.model.roi_head,
    train_cfg=_base_.model.train_cfg,
    test_cfg=_base_.model.test_cfg,
)
train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler'),
    dataset=dict(
        _delete_=True,
        type='CocoFileDataset',
        data_root=_base_.data_root,
        ann_file=_base_.train_dataloader.dataset.ann_file,
        data_prefix=_base_.train_dataloader.dataset.data_prefix,
        num_held_back=_base_.num_held_back,
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=_base_.train_pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoFileDataset',
        data_root=_base_.data_root,
        ann_file=_base_.val_dataloader.dataset.ann_file,
        data_prefix=_base_.val_dataloader.dataset.data_prefix,
        num_held_back=_base_.num_held_back,
        held_back=True,
        test_mode=True,
        pipeline=_base_.test_pipeline,
    )
)
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CocoFileDataset',
        data_root=_base_.data_root,
        ann_file=_base_.test_dataloader.dataset.ann_file,
        data_prefix=_base_.test_dataloader.dataset.data_prefix,
        test_mode=True,
        pipeline=_base_.test_pipeline,
    )
)
val_evaluator = dict(_delete_=True, type='CocoFileMetric', metric=['bbox', 'segm'])
test_evaluator = val_evaluator
