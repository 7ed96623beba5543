# Photographs, split S1 of COCO, on ImageNet features; matchers of regions keep the dense comparison of kinds.
_base_ = '../../lite/siamese_mask_rcnn_lite_s1.py'

# For matchers that take its place: a pyramid alone.
fpn = dict(
    _delete_=True,
    type='FPN',
    in_channels=_base_.backbone_channels,
    out_channels=_base_.channels,
    num_outs=len(_base_.strides),
    norm_cfg=_base_.norm_cfg,
)
levels = dict(_delete_=True, in_channels=_base_.channels, out_channels=_base_.channels, num_levels=len(_base_.strides))
