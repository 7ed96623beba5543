# BHRL (CVPR 2022): three relations between a region and the reference, and a loss that keeps the ratio of hard to easy
# regions. The weight of this loss stays MMDetection's; BHRL's is 1.
matcher = dict(
    match_neck=dict(type='RelationMatchNeck'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='HierarchicalRelation'),
        bbox_head=dict(loss_cls=dict(type='RatioPreservingLoss', alpha=0.25)),
    ),
)
