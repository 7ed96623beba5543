# Pre-training of the model of drawn scenes: an ordinary Faster R-CNN of its 800 categories. Telling them apart teaches
# what a matcher compares by: the classifier knows directions alone, so regions of one category come to lie close.
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/rich_scenes.py']

channels = _base_.channels
model = dict(
    _delete_=True,
    type='FasterRCNN',
    data_preprocessor={**_base_.model.data_preprocessor, 'type': 'DetDataPreprocessor'},
    backbone=_base_.model.backbone,
    neck=_base_.model.neck,
    rpn_head={**_base_.model.rpn_head, 'in_channels': channels},
    roi_head=dict(
        type='StandardRoIHead',
        bbox_roi_extractor={**_base_.model.roi_head.bbox_roi_extractor, 'out_channels': channels},
        bbox_head=dict(
            type='ConvFCBBoxHead',
            num_cls_fcs=1,
            num_reg_fcs=1,
            in_channels=channels,
            fc_out_channels=256,
            num_classes=800,
            reg_class_agnostic=True,
            cls_predictor_cfg=dict(type='CosineLinear', temperature=24),
            bbox_coder=_base_.model.roi_head.bbox_head.bbox_coder,
            loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
            loss_bbox=dict(type='SmoothL1Loss', beta=1.0, loss_weight=1.0),
        ),
    ),
    train_cfg=dict(
        rpn={
            **_base_.model.train_cfg.rpn,
            'sampler': {**_base_.model.train_cfg.rpn.sampler, 'type': 'RandomSampler', 'num': 64},
        },
        rpn_proposal={**_base_.model.train_cfg.rpn_proposal, 'nms_pre': 200, 'max_per_img': 32},
        rcnn={
            **_base_.model.train_cfg.rcnn,
            'sampler': dict(type='RandomSampler', num=16, pos_fraction=0.75, neg_pos_ub=-1, add_gt_as_proposals=True),
        },
    ),
    test_cfg=_base_.model.test_cfg,
)

max_iters = 3000
train_cfg = dict(max_iters=max_iters)
# Faster on a CPU that multiplies bfloat16 by itself.
optim_wrapper = dict(type='BFloat16OptimWrapper')
param_scheduler = [_base_.param_scheduler[0], dict(_base_.param_scheduler[1], end=max_iters)]
default_hooks = dict(checkpoint=dict(interval=1000))
train_dataloader = dict(
    batch_size=32,
    sampler=dict(_delete_=True, type='InfiniteSampler'),
    dataset=dict(
        _delete_=True,
        type='CocoFileDataset',
        data_root=_base_.data_root,
        ann_file=_base_.train_dataloader.dataset.ann_file,
        data_prefix=_base_.train_dataloader.dataset.data_prefix,
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            *_base_.resize,
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ],
    ),
)
# What it has learnt shows in the model that starts from it.
test_dataloader = None
test_evaluator = None
test_cfg = None
