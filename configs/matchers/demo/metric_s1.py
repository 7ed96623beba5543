# Proposals of anything; the cosine with the reference decides, and is trained against the batch's other references.
_base_ = '../../demo/siamese_mask_rcnn_demo_s1.py'

model = dict(
    match_neck=dict(type='LateMatchNeck'),
    rpn_head=dict(type='ClassAgnosticRPNHead'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='MetricRelation', in_channels=_base_.channels, embed_channels=128, propagate_channels=64),
        competition=0.25,
    ),
)
# Stretched to the square, a reference's mean is that of what its box shows, without padding.
ref_pipeline = [
    dict(type='LoadImage'),
    dict(type='CropReference'),
    dict(type='ResizeReference', size=_base_.ref_size, keep_ratio=False),
    dict(type='PackReference'),
]
train_dataloader = dict(dataset=dict(keep_others=True, ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
