# Every region is translated with respect to the reference (AIT, CVPR 2021).
_base_ = '../../demo/siamese_mask_rcnn_demo_s1.py'

model = dict(
    match_neck=dict(type='RelationMatchNeck'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(
            type='TranslationRelation',
            in_channels=_base_.channels,
            embed_channels=64,
            feedforward_channels=256,
            num_heads=8,
        ),
    ),
)
