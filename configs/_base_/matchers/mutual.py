# Ours: a region and the reference look for their parts in each other; trained against the batch's other references.
matcher = dict(
    match_neck=dict(type='RelationMatchNeck'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='MutualRelation', embed_channels=128, temperature=10.0),
        competition=0.5,
    ),
)
