# CoAE (arXiv 1911.12529): co-attention and co-excitation before the RPN, regions judged beside the reference, and a
# ranking of pairs. Weights of the losses of a region are CoAE's: 1 and 3.
matcher = dict(
    # A reference of 96 pixels has 6x6 positions at stride 16, where CoAE has 8x8.
    match_neck=dict(type='CoExcitationMatchNeck', grid_size=6, reduction=16),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(type='ConcatRelation', hidden_channels=8),
        bbox_head=dict(loss_cls=dict(type='MarginRankingLoss', loss_weight=1.0, ranking_weight=3.0)),
    ),
)
