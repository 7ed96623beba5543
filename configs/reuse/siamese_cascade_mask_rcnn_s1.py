# Siamese Cascade Mask R-CNN: the three stages of mmdet's cascade-mask-rcnn_r50_fpn.py, each with the heads, the loss
# weights and the sampler of Siamese Mask R-CNN.
_base_ = [
    '../_base_/models/siamese_mask_rcnn_r50_fpn.py',
    '../_base_/datasets/one_shot_coco.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
    '../_base_/reference_rules.py',
]

stage_ious = [0.5, 0.6, 0.7]
stage_target_stds = [[0.1, 0.1, 0.2, 0.2], [0.05, 0.05, 0.1, 0.1], [0.033, 0.033, 0.067, 0.067]]
model = dict(
    roi_head=dict(
        type='BinaryCascadeRoIHead',
        num_stages=3,
        stage_loss_weights=[1, 0.5, 0.25],
        bbox_head=[
            dict(
                _base_.model.roi_head.bbox_head,
                bbox_coder=dict(type='DeltaXYWHBBoxCoder', target_means=[0.0] * 4, target_stds=target_stds),
            )
            for target_stds in stage_target_stds
        ],
    ),
    train_cfg=dict(
        rcnn=[
            dict(
                _base_.model.train_cfg.rcnn,
                assigner=dict(_base_.model.train_cfg.rcnn.assigner, pos_iou_thr=iou, neg_iou_thr=iou, min_pos_iou=iou),
            )
            for iou in stage_ious
        ],
    ),
)

split = 1
train_dataloader = dict(dataset=dict(split=split))
val_dataloader = dict(dataset=dict(split=split))
test_dataloader = dict(dataset=dict(split=split))
