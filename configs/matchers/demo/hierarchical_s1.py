# BHRL (Yang et al., CVPR 2022) on the demo: three relations between a region and the reference in the box head, and a
# loss that keeps the ratio of hard to easy regions.
_base_ = '../../demo/siamese_mask_rcnn_demo_s1.py'

model = dict(
    match_neck=dict(type='RelationMatchNeck', roi_feat_size=7, ref_level=1),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='HierarchicalRelation', in_channels=_base_.channels),
        # The demo's weight of this loss, 2, stays; BHRL's is 1.
        bbox_head=dict(loss_cls=dict(type='RatioPreservingLoss', alpha=0.25)),
    ),
)

# BHRL cuts the padding off a reference's features before it pools them; here nothing is padded.
ref_pipeline = [
    dict(type='LoadImage'),
    dict(type='CropReference'),
    dict(type='ResizeReference', size=_base_.ref_size, keep_ratio=False),
    dict(type='PackReference'),
]
train_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
