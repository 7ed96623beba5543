# Ours: each part of the region is matched in the reference, and the reverse; with a contrastive loss in the batch.
matcher = dict(
    match_neck=dict(type='RelationMatchNeck'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='MutualRelation', embed_channels=128, temperature=10.0),
        competition=0.5,
    ),
)
