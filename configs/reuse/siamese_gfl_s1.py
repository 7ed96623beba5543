# Siamese GFL: the head of mmdet's gfl_r50_fpn_1x_coco.py on matched features, P3 to P7.
_base_ = [
    '../_base_/models/siamese_mask_rcnn_r50_fpn.py',
    '../_base_/datasets/one_shot_coco_boxes.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
    '../_base_/reference_rules.py',
]

model = dict(
    _delete_=True,
    type='SiameseSingleStageDetector',
    episodes_per_chunk=2,
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=_base_.model.backbone,
    neck=dict(
        type='FPN',
        in_channels=[256, 512, 1024, 2048],
        out_channels=256,
        start_level=1,
        add_extra_convs='on_output',
        num_outs=5,
    ),
    match_neck=_base_.model.match_neck,
    bbox_head=dict(
        type='GFLHead',
        # Match or non-match.
        num_classes=1,
        in_channels=384,
        stacked_convs=4,
        feat_channels=256,
        anchor_generator=dict(
            type='AnchorGenerator',
            ratios=[1.0],
            octave_base_scale=8,
            scales_per_octave=1,
            strides=[8, 16, 32, 64, 128],
        ),
        loss_cls=dict(type='QualityFocalLoss', use_sigmoid=True, beta=2.0, loss_weight=1.0),
        loss_dfl=dict(type='DistributionFocalLoss', loss_weight=0.25),
        reg_max=16,
        loss_bbox=dict(type='GIoULoss', loss_weight=2.0),
    ),
    train_cfg=dict(
        # An anchor that touches a crowd of the category is neither match nor non-match.
        assigner=dict(type='ATSSAssigner', topk=9, ignore_iof_thr=0.001),
        allowed_border=-1,
        pos_weight=-1,
        debug=False,
    ),
    test_cfg=dict(
        nms_pre=1000,
        min_bbox_size=0,
        score_thr=0.0,
        nms=dict(type='nms', iou_threshold=0.6),
        max_per_img=100,
    ),
)

split = 1
train_dataloader = dict(batch_size=4, dataset=dict(split=split))
val_dataloader = dict(dataset=dict(split=split))
test_dataloader = dict(dataset=dict(split=split))

# As in mmdet: learning rate 0.01 for 16 images, here 4 GPUs x 4.
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=16)
