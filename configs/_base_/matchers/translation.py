# AIT (CVPR 2021): every region is translated with respect to the reference by a transformer.
matcher = dict(
    match_neck=dict(type='RelationMatchNeck'),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='TranslationRelation', embed_channels=64, feedforward_channels=256, num_heads=8),
    ),
)
