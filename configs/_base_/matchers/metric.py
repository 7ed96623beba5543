# After DE-ViT (arXiv 2309.12969): proposals of anything; the cosine with the reference decides, and is trained against
# the batch's other references. Its data set keeps the other categories' instances.
matcher = dict(
    match_neck=dict(type='LateMatchNeck'),
    rpn_head=dict(type='ClassAgnosticRPNHead'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='MetricRelation', embed_channels=128, propagate_channels=64),
        competition=0.25,
    ),
)
