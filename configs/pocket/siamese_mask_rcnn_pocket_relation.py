# Match once more, region against reference: does it tell look-alikes apart?
_base_ = './siamese_mask_rcnn_pocket.py'

model = dict(
    match_neck=dict(type='RelationMatchNeck', roi_feat_size=7, ref_level=1),
    roi_head=dict(
        type='RelationRoIHead',
        relation=dict(in_channels=64, embed_channels=256, out_channels=64),
        bbox_head=dict(in_channels=128),
    ),
)
