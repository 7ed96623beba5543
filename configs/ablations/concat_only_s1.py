# Is the absolute difference needed, or do the heads learn to compare when the reference is only laid beside the image?
_base_ = '../siamese_mask_rcnn_s1.py'

model = dict(match_neck=dict(type='ConcatMatchNeck'))
