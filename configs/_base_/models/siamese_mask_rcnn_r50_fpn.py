# Siamese Mask R-CNN as in the paper (section 4 and appendix 1). Where it is silent: as in the published code, or as in
# mmdet where a comment says so. All differences are listed in docs/reproduce.md.
model = dict(
    type='SiameseTwoStageDetector',
    # Maps of 1024 pixels: more at a time were slower on a CPU.
    episodes_per_chunk=2,
    data_preprocessor=dict(
        type='OneShotDataPreprocessor',
        # Mean RGB of ImageNet, no division. Padding is done before, with 0, so it becomes -mean.
        mean=[123.7, 116.8, 103.9],
        std=[1.0, 1.0, 1.0],
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32,
    ),
    backbone=dict(
        type='ResNet',
        depth=50,
        num_stages=4,
        out_indices=(0, 1, 2, 3),
        frozen_stages=-1,
        # Always on moving statistics; gamma and beta are trained.
        norm_cfg=dict(type='BN', eps=1e-3, requires_grad=True),
        norm_eval=True,
        style='caffe',
        init_cfg=dict(
            type='BackbonePretrainedInit',
            checkpoint='checkpoints/resnet50_imagenet687.pth',
            pretraining='ImageNet-687',
        ),
    ),
    # Linear, as in the FPN paper; the published code has a ReLU after every convolution.
    neck=dict(type='FPN', in_channels=[256, 512, 1024, 2048], out_channels=256, num_outs=5),
    match_neck=dict(type='AbsDiffMatchNeck', in_channels=256, out_channels=384, num_levels=5),
    rpn_head=dict(
        type='RPNHead',
        in_channels=384,
        feat_channels=512,
        anchor_generator=dict(
            type='AnchorGenerator',
            # Sides 32, 64, ... 512: one scale a level.
            scales=[8],
            ratios=[0.5, 1.0, 2.0],
            strides=[4, 8, 16, 32, 64],
        ),
        # The published code scales the deltas of proposals as those of boxes.
        bbox_coder=dict(type='DeltaXYWHBBoxCoder', target_means=[0.0] * 4, target_stds=[0.1, 0.1, 0.2, 0.2]),
        # Two logits an anchor.
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=2.0),
        # mmdet divides by all sampled anchors, the published code by the four deltas of each positive one.
        loss_bbox=dict(type='SmoothL1Loss', beta=1.0, loss_weight=0.1),
    ),
    roi_head=dict(
        type='BinaryRoIHead',
        # Both extractors take a region's level as the FPN paper does, rounded down, and average several samples a cell;
        # the published code rounds to the nearest level and takes one sample.
        bbox_roi_extractor=dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=7, sampling_ratio=0),
            out_channels=384,
            featmap_strides=[4, 8, 16, 32],
        ),
        bbox_head=dict(
            type='Shared2FCBBoxHead',
            in_channels=384,
            fc_out_channels=1024,
            roi_feat_size=7,
            bbox_coder=dict(type='DeltaXYWHBBoxCoder', target_means=[0.0] * 4, target_stds=[0.1, 0.1, 0.2, 0.2]),
            loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=2.0),
            # mmdet divides by all sampled regions, the published code by the four deltas of each positive one.
            loss_bbox=dict(type='SmoothL1Loss', beta=1.0, loss_weight=0.5),
        ),
        mask_roi_extractor=dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=0),
            out_channels=384,
            featmap_strides=[4, 8, 16, 32],
        ),
        # One map (section 4.4 and the published code); appendix 1.5 has two, whose softmax is the sigmoid of one.
        mask_head=dict(
            type='FCNMaskHead',
            num_convs=4,
            in_channels=384,
            conv_out_channels=256,
            # Head batch norms are in inference mode too.
            norm_cfg=dict(type='FixedStatsBN', eps=1e-3),
            loss_mask=dict(type='CrossEntropyLoss', use_mask=True, loss_weight=1.0),
        ),
    ),
    train_cfg=dict(
        rpn=dict(
            assigner=dict(
                type='MaxIoUAssigner',
                pos_iou_thr=0.7,
                neg_iou_thr=0.3,
                # The published code gives every object its best anchor, however bad.
                min_pos_iou=0.3,
                match_low_quality=True,
                # An anchor that touches a crowd of the category is neither match nor non-match. The published code
                # means to do so, but drops the crowds first.
                ignore_iof_thr=0.001,
            ),
            sampler=dict(
                type='EpisodeRandomSampler', num=256, pos_fraction=0.5, neg_pos_ub=-1, add_gt_as_proposals=False
            ),
            allowed_border=-1,
            pos_weight=-1,
            debug=False,
        ),
        # mmdet takes the best and suppresses level by level, the published code over all levels together.
        rpn_proposal=dict(nms_pre=6000, max_per_img=2000, nms=dict(type='nms', iou_threshold=0.7), min_bbox_size=0),
        rcnn=dict(
            assigner=dict(
                type='MaxIoUAssigner',
                pos_iou_thr=0.5,
                neg_iou_thr=0.5,
                min_pos_iou=0.5,
                match_low_quality=False,
                ignore_iof_thr=0.001,
            ),
            # mmdet adds the objects to the proposals, and fills up to 200 with non-matches; the published code takes
            # proposals alone, and two non-matches for each match.
            sampler=dict(
                type='EpisodeRandomSampler', num=200, pos_fraction=0.33, neg_pos_ub=-1, add_gt_as_proposals=True
            ),
            mask_size=28,
            pos_weight=-1,
            debug=False,
        ),
    ),
    test_cfg=dict(
        rpn=dict(nms_pre=6000, max_per_img=1000, nms=dict(type='nms', iou_threshold=0.7), min_bbox_size=0),
        # NMS as in the published code. The 0.7 of appendix 1.4, beside 6000 anchors, is that of the proposals there.
        # The published code reports detections from 0.7 up, which cuts off the end of each precision-recall curve.
        rcnn=dict(score_thr=0.0, nms=dict(type='nms', iou_threshold=0.5), max_per_img=100, mask_thr_binary=0.5),
    ),
)
